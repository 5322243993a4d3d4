-- One id in submissions and verifications: the latter's is derived and mapped; verification_logs follow; documents
-- stay with the submission.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table onboarding_submissions (id uuid primary key, user_id uuid, status text, role text);
insert into onboarding_submissions values ('00000000-0000-0000-0000-0000000000c1',
    '00000000-0000-0000-0000-0000000000a1', 'draft', 'tutor');
create table submission_documents (id uuid primary key, submission_id uuid references onboarding_submissions (id),
    document_type text, file_url text);
insert into submission_documents values ('00000000-0000-0000-0000-0000000000f1',
    '00000000-0000-0000-0000-0000000000c1', 'pan', 's3://1');
create table verifications (id uuid primary key, user_id uuid, type text, status text);
insert into verifications values ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a1',
    'kyc', 'pending'), ('00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-0000000000a1', 'kyc',
    'pending');
create table verification_logs (id int primary key, verification_id uuid references verifications (id), action text);
insert into verification_logs values (1, '00000000-0000-0000-0000-0000000000c1', 'x'), (2,
    '00000000-0000-0000-0000-0000000000c2', 'y'), (3, null, 'z');
