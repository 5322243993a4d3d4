-- Completion may be called is_completed.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table onboarding_states (user_id uuid not null, role text, is_completed boolean, primary key (user_id, role));
insert into onboarding_states values ('00000000-0000-0000-0000-0000000000a1', 'tutor', true),
    ('00000000-0000-0000-0000-0000000000a1', 'developer', false);
