-- The uniques of documents are kept under their new names.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table onboarding_submissions (id uuid primary key, user_id uuid, status text, role text, form_data jsonb,
    submitted_at timestamptz);
insert into onboarding_submissions values ('00000000-0000-0000-0000-0000000000c1',
    '00000000-0000-0000-0000-0000000000a1', 'pending', 'customer', 'null', '2024-01-01+00');
create table submission_documents (id uuid primary key,
    submission_id uuid not null references onboarding_submissions (id), document_type text not null, file_url text,
  unique (submission_id, document_type));
insert into submission_documents values ('00000000-0000-0000-0000-0000000000f1',
    '00000000-0000-0000-0000-0000000000c1', 'pan', 'a'), ('00000000-0000-0000-0000-0000000000f2',
    '00000000-0000-0000-0000-0000000000c1', 'voter id', 'b');
