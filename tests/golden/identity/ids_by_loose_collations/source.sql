-- Ids that a collation compares otherwise than by their letters are refused where new ids or rules would miss their rows;
-- plain copies are left to PostgreSQL. (Servers without ICU make no such collation, so that one is declared to be one.)
create collation loose (provider = libc, locale = 'C');
update pg_collation set collisdeterministic = false
    where collname = 'loose' and collnamespace = 'public'::regnamespace;
create table users (id uuid primary key);
create table sorts (id text collate loose primary key);
create table things (id int primary key, sort text collate loose references sorts (id));
insert into sorts values ('x'), ('y');
create table jobs (id text collate loose primary key);
insert into jobs values ('00000000-0000-0000-0000-0000000000d1'), ('00000000-0000-0000-0000-0000000000d2'), ('x');
create table applications (id int primary key, job_id text);
create table onboarding_submissions (id text collate loose primary key, user_id uuid, status text);
insert into onboarding_submissions values ('x', null, 'draft');
create table submission_documents (id int primary key, submission_id text, document_type text, file_url text);
create table professionals (id text, user_id uuid, role text);
create table services (id int primary key, professional_id text collate loose);
