-- A professional whose profile is a duplicate goes to the one that stays, and so does an item that names the
-- duplicate.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table tutor_profiles (id uuid primary key, user_id uuid, status text, updated_at timestamptz);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active', '2024-01-01+00'), ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a1',
    'active', '2024-02-01+00');
create table professionals (id uuid primary key, user_id uuid, profession text);
insert into professionals values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'tutor'), ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-0000000000a1', null);
create table services (id int primary key, professional_id uuid);
insert into services values (1, '00000000-0000-0000-0000-0000000000b1'), (2, '00000000-0000-0000-0000-0000000000d2'),
    (3, '00000000-0000-0000-0000-0000000000b2');
