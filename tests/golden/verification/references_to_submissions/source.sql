-- A foreign key to submissions follows to verification_requests; the actor columns are never declared.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table onboarding_submissions (id uuid primary key, user_id uuid, status text, role text, reviewed_by uuid);
insert into onboarding_submissions values ('00000000-0000-0000-0000-0000000000c1',
    '00000000-0000-0000-0000-0000000000a1', 'draft', 'tutor', '00000000-0000-0000-0000-0000000000e9'),
    ('00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-0000000000a1', 'gone', 'tutor', null);
create table chats (id int primary key, submission uuid references onboarding_submissions (id));
insert into chats values (1, '00000000-0000-0000-0000-0000000000c1'), (2, '00000000-0000-0000-0000-0000000000c2'), (3,
    null);
