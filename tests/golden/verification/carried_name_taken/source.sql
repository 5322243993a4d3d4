-- A carried column whose name the target has for itself gets the suffix _<legacy table>, and overwrites nothing.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table onboarding_submissions (id uuid primary key, user_id uuid, status text, role text, request_type int);
insert into onboarding_submissions values ('00000000-0000-0000-0000-0000000000c1',
    '00000000-0000-0000-0000-0000000000a1', 'draft', 'tutor', 7);
create table tutor_profiles (id uuid primary key, user_id uuid, status text, user_role_profile_id text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active', 'odd');
