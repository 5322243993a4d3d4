-- Completion may be told by a status.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table onboarding_states (id int primary key, user_id uuid not null, role text, status text);
insert into onboarding_states values (1, '00000000-0000-0000-0000-0000000000a1', 'tutor', 'completed'), (2,
    '00000000-0000-0000-0000-0000000000a1', 'developer', 'in_progress'), (3, '00000000-0000-0000-0000-0000000000a1',
    'customer', null);
