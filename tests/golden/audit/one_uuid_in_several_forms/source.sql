-- A UUID is one id in whatever form it is written. No activity is lost for it: the plain form, else the first by its
-- letters, keeps it, and the others get derived ids; of other tables one row stays. References lead to the row that has
-- the id.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table activity_logs (id text primary key, user_id uuid, action text, metadata jsonb);
insert into activity_logs values
    ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', null, 'x', '{"changes": {"a": {"old": 1, "new": 2}}}'),
    ('{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', null, 'y', '{"changes": {"a": {"old": 1, "new": 2}}}'),
    ('a0eebc999c0b4ef8bb6d6bb9bd380a11', null, 'z', null),
    ('B0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', null, 'u', '{"changes": {"a": {"old": 1, "new": 2}}}'),
    ('b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', null, 'v', null), ('77', null, 'w', null);
create table onboarding_submissions (id text primary key, user_id uuid, status text, role text, updated_at timestamptz);
insert into onboarding_submissions values
    ('A1EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '00000000-0000-0000-0000-0000000000a1', 'draft', 'tutor', '2024-01-01Z'),
    ('a1eebc999c0b4ef8bb6d6bb9bd380a11', '00000000-0000-0000-0000-0000000000a1', 'draft', 'tutor', '2024-01-02Z');
create table verifications (id text primary key, user_id uuid, type text, status text, updated_at timestamptz);
insert into verifications values
    ('A2EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '00000000-0000-0000-0000-0000000000a1', 'id', 'draft', '2024-01-03Z'),
    ('a2eebc999c0b4ef8bb6d6bb9bd380a11', '00000000-0000-0000-0000-0000000000a1', 'id', 'draft', '2024-01-02Z');
create table submission_documents (id text primary key, submission_id text, document_type text, file_url text,
    updated_at timestamptz);
insert into submission_documents values
    ('A3EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a1eebc999c0b4ef8bb6d6bb9bd380a11', 'pan', 's3://1', '2024-01-03Z'),
    ('a3eebc999c0b4ef8bb6d6bb9bd380a11', 'A1EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'pan', 's3://2', '2024-01-02Z');
create table photographer_profiles (id text primary key, user_id uuid, status text, updated_at timestamptz);
insert into photographer_profiles values
    ('A4EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '00000000-0000-0000-0000-0000000000a1', 'draft', '2024-01-03Z'),
    ('a4eebc999c0b4ef8bb6d6bb9bd380a11', '00000000-0000-0000-0000-0000000000a2', 'draft', '2024-01-02Z');
create table chats (id int primary key, log text references activity_logs (id),
    submission text references onboarding_submissions (id), profile text references photographer_profiles (id));
insert into chats values (1, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'A1EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
    'A4EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'), (2, 'b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    'a1eebc999c0b4ef8bb6d6bb9bd380a11', 'a4eebc999c0b4ef8bb6d6bb9bd380a11');
create table jobs (id text primary key, title text, updated_at timestamptz);
insert into jobs values ('A5EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'x', '2024-01-03Z'),
    ('a5eebc999c0b4ef8bb6d6bb9bd380a11', 'y', '2024-01-02Z');
