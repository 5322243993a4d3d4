-- Documents may call their columns type and url.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table onboarding_submissions (id uuid primary key, user_id uuid, status text, role text);
insert into onboarding_submissions values ('00000000-0000-0000-0000-0000000000c1',
    '00000000-0000-0000-0000-0000000000a1', 'draft', 'tutor');
create table submission_documents (id uuid primary key, submission_id uuid, type text, url text);
insert into submission_documents values ('00000000-0000-0000-0000-0000000000f1',
    '00000000-0000-0000-0000-0000000000c1', 'pan', 's3://1');
