-- Documents follow their submission; one without a file is rejected, one of a rejected submission too; their status
-- is normalised.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table onboarding_submissions (id uuid primary key, user_id uuid, status text, role text);
insert into onboarding_submissions values ('00000000-0000-0000-0000-0000000000c1',
    '00000000-0000-0000-0000-0000000000a1', 'draft', 'tutor'), ('00000000-0000-0000-0000-0000000000c2',
    '00000000-0000-0000-0000-0000000000a1', 'lost', 'tutor');
create table submission_documents (id uuid primary key,
    submission_id uuid not null references onboarding_submissions (id), document_type text, file_url text,
    status text, pages int, user_id uuid);
insert into submission_documents (id, submission_id, document_type, file_url, status, pages) values
  ('00000000-0000-0000-0000-0000000000f1', '00000000-0000-0000-0000-0000000000c1', 'pan', 's3://1', 'Verified', 2),
      ('00000000-0000-0000-0000-0000000000f2', '00000000-0000-0000-0000-0000000000c1', 'pan', 's3://2', null, null),
      ('00000000-0000-0000-0000-0000000000f3', '00000000-0000-0000-0000-0000000000c1', 'pan', null, 'pending', 1),
  ('00000000-0000-0000-0000-0000000000f4', '00000000-0000-0000-0000-0000000000c2', 'pan', 's3://4', 'pending', 1),
      ('00000000-0000-0000-0000-0000000000f5', '00000000-0000-0000-0000-0000000000c1', null, 's3://5', 'pending', 1),
      ('00000000-0000-0000-0000-0000000000f6', '00000000-0000-0000-0000-0000000000c1', 'pan', 's3://6', 'odd', 1);
update submission_documents set user_id = '00000000-0000-0000-0000-0000000000a1' where id = '00000000-0000-0000-0000-0000000000f1';
update submission_documents set user_id = '00000000-0000-0000-0000-0000000000a9' where id = '00000000-0000-0000-0000-0000000000f2';
