-- The role may stand in profile_type, the form in data (json at that), the reviewer be an employee's text id.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table company_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into company_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active');
create table onboarding_submissions (id uuid primary key, user_id uuid, status text, profile_type text, data json,
    reviewed_by text, reviewed_at timestamptz, score int not null);
insert into onboarding_submissions values ('00000000-0000-0000-0000-0000000000c1',
    '00000000-0000-0000-0000-0000000000a1', 'accepted', 'COMPANY', '{"a":{"b":[1,2.50]}}', 'emp-7', '2024-05-05+00',
    42);
create table onboarding_states (id int primary key, user_id uuid, role text);
insert into onboarding_states values (1, '00000000-0000-0000-0000-0000000000a1', 'customer');
