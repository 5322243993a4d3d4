-- With no usable role, the user's only professional-role profile serves; never company, customer or job_seeker.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2'),
    ('00000000-0000-0000-0000-0000000000a3');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text);
create table company_profiles (id uuid primary key, user_id uuid references users (id), status text);
create table customer_profiles (id uuid primary key, user_id uuid references users (id), status text);
create table job_seeker_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active'), ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a2', 'active');
insert into company_profiles values ('00000000-0000-0000-0000-0000000000b3', '00000000-0000-0000-0000-0000000000a1',
    'active'), ('00000000-0000-0000-0000-0000000000b6', '00000000-0000-0000-0000-0000000000a3', 'active');
insert into customer_profiles values ('00000000-0000-0000-0000-0000000000b4', '00000000-0000-0000-0000-0000000000a1',
    'active');
insert into job_seeker_profiles values ('00000000-0000-0000-0000-0000000000b5',
    '00000000-0000-0000-0000-0000000000a1', 'active');
create table professionals (id uuid primary key, user_id uuid, profession text);
insert into professionals values ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a1',
    null), ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-0000000000a2', 'plumber'),
    ('00000000-0000-0000-0000-0000000000d3', '00000000-0000-0000-0000-0000000000a3', ''),
    ('00000000-0000-0000-0000-0000000000d4', '00000000-0000-0000-0000-0000000000a1', '  ');
