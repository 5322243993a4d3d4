-- Completion may be called is_complete, an integer at that.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table onboarding_states (id int primary key, user_id uuid not null, role text, is_complete int);
insert into onboarding_states values (1, '00000000-0000-0000-0000-0000000000a1', 'tutor', 1), (2,
    '00000000-0000-0000-0000-0000000000a1', 'developer', 0);
