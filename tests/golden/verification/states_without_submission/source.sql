-- A state with no submission for its user and role, and not complete, becomes a DRAFT; the others are archived; so is
-- the whole table.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a2',
    'active');
create table onboarding_submissions (id uuid primary key, user_id uuid, status text, role text);
insert into onboarding_submissions values ('00000000-0000-0000-0000-0000000000c1',
    '00000000-0000-0000-0000-0000000000a1', 'approved', 'Tutor');
create table onboarding_states (id uuid primary key, user_id uuid not null, role text, completed boolean, step int);
insert into onboarding_states values
  ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a1', 'tutor', false, 1),
      ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-0000000000a1', 'developer', false, 2),
      ('00000000-0000-0000-0000-0000000000d3', '00000000-0000-0000-0000-0000000000a2', 'tutor', null, 3),
      ('00000000-0000-0000-0000-0000000000d4', '00000000-0000-0000-0000-0000000000a2', 'developer', true, 4);
