-- A carried column that the mapping names as a reference is one: its orphans are null and noted, of professionals before
-- a value is chosen. Requests of two tables share a column only where it points at the same; a foreign key that rows of
-- the other table need not keep to is dropped: reviewers may be users or employees.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table employees (id uuid primary key);
insert into employees values ('00000000-0000-0000-0000-0000000000e1');
create table members (user_id uuid primary key references users (id));
insert into members values ('00000000-0000-0000-0000-0000000000a1');
create table forms (id int primary key);
insert into forms values (1);
create table checklists (id int primary key);
insert into checklists values (2);
create table roles (id bigint primary key, key text);
insert into roles values (1, 'tutor');
create table jobs (id text primary key, title text);
insert into jobs values ('11111111-0000-0000-0000-000000000001', 'a'), ('11111111-0000-0000-0000-000000000002', 'b'),
    ('old-7', 'c');
create table payments (id uuid primary key, user_id uuid, amount numeric, status text, created_at timestamptz);
insert into payments values ('22222222-0000-0000-0000-000000000001', '00000000-0000-0000-0000-0000000000a1', 10, 'paid',
    '2024-01-01Z');
create table photographer_profiles (id uuid primary key, user_id uuid, status text, job_id text,
    boss uuid references users (id) on delete set null);
insert into photographer_profiles values ('33333333-0000-0000-0000-000000000001',
    '00000000-0000-0000-0000-0000000000a1', 'active', 'old-7', '00000000-0000-0000-0000-0000000000a2'),
    ('33333333-0000-0000-0000-000000000002', '00000000-0000-0000-0000-0000000000a2', 'active', 'none', null);
create table professionals (id uuid primary key, user_id uuid, role text, job_id uuid, payment_id uuid);
insert into professionals values ('44444444-0000-0000-0000-000000000001', '00000000-0000-0000-0000-0000000000a1',
    'photographer', '11111111-0000-0000-0000-000000000001', '22222222-0000-0000-0000-000000000001'),
    ('44444444-0000-0000-0000-000000000002', '00000000-0000-0000-0000-0000000000a1', 'photographer',
    '11111111-0000-0000-0000-000000000002', '22222222-0000-0000-0000-00000000000f'),
    ('44444444-0000-0000-0000-000000000003', '00000000-0000-0000-0000-0000000000a1', 'photographer',
    '11111111-0000-0000-0000-00000000000f', null);
create table onboarding_submissions (id uuid primary key, user_id uuid references members (user_id), status text,
    role text, reviewed_by uuid references users (id), form_id int references forms (id), job_id text, role_id int);
insert into onboarding_submissions values ('55555555-0000-0000-0000-000000000001',
    '00000000-0000-0000-0000-0000000000a1', 'approved', 'photographer', '00000000-0000-0000-0000-0000000000a2', 1, 'old-7', 1),
    ('55555555-0000-0000-0000-000000000002', '00000000-0000-0000-0000-0000000000a1', 'draft', 'tutor', null, null,
    'old-8', 2);
create table submission_documents (id uuid primary key, submission_id uuid, document_type text, file_url text,
    user_id text);
insert into submission_documents values ('66666666-0000-0000-0000-000000000001', '55555555-0000-0000-0000-000000000001',
    'pan', 's3://1', '00000000-0000-0000-0000-0000000000A1'), ('66666666-0000-0000-0000-000000000002',
    '55555555-0000-0000-0000-000000000001', 'pan', 's3://2', 'nobody'), ('66666666-0000-0000-0000-000000000003',
    '55555555-0000-0000-0000-000000000001', 'pan', 's3://3', null);
create table verifications (id uuid primary key, user_id uuid, type text, status text,
    verified_by uuid references employees (id), form_id int references checklists (id), role_id bigint,
    submission_id uuid);
insert into verifications values ('77777777-0000-0000-0000-000000000001', '00000000-0000-0000-0000-0000000000a2', 'id',
    'approved', '00000000-0000-0000-0000-0000000000e1', 2, 1, '55555555-0000-0000-0000-000000000001'),
    ('77777777-0000-0000-0000-000000000002', '00000000-0000-0000-0000-0000000000a2', 'id', 'pending', null, null, 9,
    '55555555-0000-0000-0000-00000000000f');
create table activity_logs (id uuid primary key, user_id uuid, action text, payment_id uuid, verification_id uuid);
insert into activity_logs values ('99999999-0000-0000-0000-000000000001', null, 'x',
    '22222222-0000-0000-0000-000000000001', '77777777-0000-0000-0000-000000000001'),
    ('99999999-0000-0000-0000-000000000002', null, 'x', '22222222-0000-0000-0000-00000000000f',
    '77777777-0000-0000-0000-00000000000f');
