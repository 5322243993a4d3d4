-- Several profiles and no role: ambiguous; none and no role: unresolvable; the only profile of the role rejected:
-- parent_rejected.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2'),
    ('00000000-0000-0000-0000-0000000000a3'), ('00000000-0000-0000-0000-0000000000a4');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text);
create table developer_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active'), ('00000000-0000-0000-0000-0000000000b3', '00000000-0000-0000-0000-0000000000a3', 'frozen');
insert into developer_profiles values ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a1',
    'active');
create table professionals (id uuid primary key, user_id uuid, profession text, status text);
insert into professionals values
  ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a1', null, 'active'),
      ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-0000000000a2', null, 'active'),
      ('00000000-0000-0000-0000-0000000000d3', '00000000-0000-0000-0000-0000000000a3', 'tutor', 'active'),
      ('00000000-0000-0000-0000-0000000000d4', '00000000-0000-0000-0000-0000000000a4', 'tutor', 'frozen'),
      ('00000000-0000-0000-0000-0000000000d5', '00000000-0000-0000-0000-0000000000a9', 'tutor', 'active');
