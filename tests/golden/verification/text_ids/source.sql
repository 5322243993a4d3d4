-- Ids of submissions, documents and verifications that are no UUIDs are derived; documents and logs follow, and are
-- uuid.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table onboarding_submissions (id text primary key, user_id uuid, status text, role text);
insert into onboarding_submissions values ('sub-1', '00000000-0000-0000-0000-0000000000a1', 'draft', 'tutor');
create table submission_documents (id bigint primary key, submission_id text, document_type text, file_url text);
insert into submission_documents values (5, 'sub-1', 'pan', 's3://1'), (6, 'sub-9', 'pan', 's3://2');
create table verifications (id bigint primary key, user_id uuid, type text, status text);
insert into verifications values (3, '00000000-0000-0000-0000-0000000000a1', 'kyc', 'pending');
create table verification_logs (id int primary key, verification_id bigint references verifications (id),
    action text);
insert into verification_logs values (1, 3, 'x');
