-- Completion may be called is_completed, or be a text; one that says neither yes nor no is not complete, and noted.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table onboarding_states (user_id uuid not null, role text, is_completed boolean, completed text, primary key (user_id, role));
insert into onboarding_states values ('00000000-0000-0000-0000-0000000000a1', 'tutor', true, null),
    ('00000000-0000-0000-0000-0000000000a1', 'developer', false, 'Nearly');
insert into onboarding_states values ('00000000-0000-0000-0000-0000000000a1', 'photographer', null, 'No '),
    ('00000000-0000-0000-0000-0000000000a1', 'company', null, ' Yes'),
    ('00000000-0000-0000-0000-0000000000a1', 'video_editor', true, 'perhaps');
