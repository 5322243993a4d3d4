-- A key of several columns that is partly null is no reference: it stays, and the member that names an id follows. An id
-- that has to be written anew and names no row is an orphan even so, also of a key that was never validated.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table onboarding_submissions (id text primary key, user_id uuid, status text, role text, unique (user_id, id));
insert into onboarding_submissions values ('sub-1', '00000000-0000-0000-0000-0000000000a1', 'draft', 'tutor'),
    ('55555555-0000-0000-0000-000000000002', '00000000-0000-0000-0000-0000000000a2', 'draft', 'tutor'),
    ('sub-3', '00000000-0000-0000-0000-0000000000a2', 'nonsense', 'tutor');
create table submission_documents (id int primary key, user_id uuid, submission_id text, document_type text,
    file_url text, foreign key (user_id, submission_id) references onboarding_submissions (user_id, id));
insert into submission_documents values (1, '00000000-0000-0000-0000-0000000000a1', 'sub-1', 'pan', 's3://1'),
    (2, null, 'sub-1', 'pan', 's3://2'), (3, '00000000-0000-0000-0000-0000000000a2', 'sub-3', 'pan', 's3://3');
create table chats (id int primary key, user_id uuid, submission text,
    foreign key (user_id, submission) references onboarding_submissions (user_id, id));
insert into chats values (1, '00000000-0000-0000-0000-0000000000a1', 'sub-1'), (2, null, 'sub-1'),
    (3, '00000000-0000-0000-0000-0000000000a2', 'sub-3'), (4, '00000000-0000-0000-0000-0000000000a1', null),
    (5, null, 'sub-x');
create table strict_chats (id int primary key, user_id uuid, submission text not null,
    foreign key (user_id, submission) references onboarding_submissions (user_id, id));
insert into strict_chats values (1, null, 'sub-x'), (2, null, 'sub-1');
create table late_chats (id int primary key, submission text);
insert into late_chats values (1, 'sub-1'), (2, 'sub-x');
alter table late_chats add foreign key (submission) references onboarding_submissions (id) not valid;
create table sorts (id text primary key, k int, unique (k, id));
insert into sorts values ('00000000-0000-0000-0000-0000000000d1', 1), ('00000000-0000-0000-0000-0000000000d2', 1), ('x', 1);
create table sorted (id int primary key, k int, sort_id text, foreign key (k, sort_id) references sorts (k, id));
insert into sorted values (1, 1, 'x'), (2, null, 'y'), (3, null, '00000000-0000-0000-0000-0000000000d1');
create table photographer_profiles (id uuid primary key, user_id uuid, status text, unique (user_id, id));
insert into photographer_profiles values ('33333333-0000-0000-0000-000000000001',
    '00000000-0000-0000-0000-0000000000a1', 'active'), ('33333333-0000-0000-0000-000000000002',
    '00000000-0000-0000-0000-0000000000a1', 'active');
create table shoots (id int primary key, user_id uuid, profile_id uuid,
    foreign key (user_id, profile_id) references photographer_profiles (user_id, id));
insert into shoots values (1, '00000000-0000-0000-0000-0000000000a1', '33333333-0000-0000-0000-000000000001'),
    (2, null, '33333333-0000-0000-0000-000000000001'), (3, null, '33333333-0000-0000-0000-00000000000f');
create table pairs (a int, b int, primary key (a, b));
insert into pairs values (1, 1);
create table uses (id int primary key, a int, b int, foreign key (a, b) references pairs (a, b));
insert into uses values (1, 1, 1), (2, 9, null), (3, null, 9);
create table full_uses (id int primary key, a int, b int, foreign key (a, b) references pairs (a, b) match full);
insert into full_uses values (1, 1, 1), (2, null, null);
create table full_chats (id int primary key, user_id uuid, submission text,
    foreign key (user_id, submission) references onboarding_submissions (user_id, id) match full);
insert into full_chats values (1, '00000000-0000-0000-0000-0000000000a1', 'sub-1'),
    (2, '00000000-0000-0000-0000-0000000000a2', 'sub-3'), (3, null, null);
