-- What the examples of docs/changing.md lead to.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table onboarding_submissions (id uuid primary key, user_id uuid, status text, role text);
insert into onboarding_submissions values
    ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a1', 'Lapsed', 'tutor'),
    ('00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-0000000000a1', 'paused', 'tutor');
create table submission_documents (id uuid primary key, submission_id uuid, document_type text, file_url text, status text);
insert into submission_documents values
    ('00000000-0000-0000-0000-0000000000f1', '00000000-0000-0000-0000-0000000000c1', 'pan', 's3://1', null),
    ('00000000-0000-0000-0000-0000000000f2', '00000000-0000-0000-0000-0000000000c2', 'pan', ' ', 'on hold');
create table support_tickets (id int primary key, user_id uuid, subject text not null);
insert into support_tickets values (1, '00000000-0000-0000-0000-0000000000a1', 'help');
create table announcements (id int primary key, body text);
insert into announcements values (1, 'hello');
create table kb_categories (id uuid primary key, name text);
insert into kb_categories values ('00000000-0000-0000-0000-0000000000d1', 'How to');
create table kb_articles (id uuid primary key, category_id uuid, title text);
insert into kb_articles values
    ('00000000-0000-0000-0000-0000000000e1', '00000000-0000-0000-0000-0000000000d1', 'Begin'),
    ('00000000-0000-0000-0000-0000000000e2', null, 'Alone');
