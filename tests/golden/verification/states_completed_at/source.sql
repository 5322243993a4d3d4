-- Completion may be the instant completed_at; a state may be keyed by its user, without an id of its own.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table onboarding_states (user_id uuid primary key references users (id), role text, completed_at timestamptz);
insert into onboarding_states values ('00000000-0000-0000-0000-0000000000a2', 'tutor', '2024-01-01+00'),
    ('00000000-0000-0000-0000-0000000000a1', 'developer', null);
