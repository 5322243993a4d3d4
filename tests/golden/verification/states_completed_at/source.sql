-- Completion may be the instant completed_at.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table onboarding_states (id int primary key, user_id uuid not null, role text, completed_at timestamptz);
insert into onboarding_states values (1, '00000000-0000-0000-0000-0000000000a1', 'tutor', '2024-01-01+00'), (2,
    '00000000-0000-0000-0000-0000000000a1', 'developer', null);
