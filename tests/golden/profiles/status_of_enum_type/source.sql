-- A status held in an enum is matched by its label.
create type profile_status as enum ('Pending Review', 'active', 'BLOCKED', 'in_review');
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2'),
    ('00000000-0000-0000-0000-0000000000a3');
create table company_profiles (id uuid primary key, user_id uuid references users (id), status profile_status);
insert into company_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active'), ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a2', 'BLOCKED'),
    ('00000000-0000-0000-0000-0000000000b3', '00000000-0000-0000-0000-0000000000a3', 'Pending Review');
