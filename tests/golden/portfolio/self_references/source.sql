-- A reshaped table that keeps its shape may refer to itself; a reference to a rejected row is nulled and noted.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active');
create table services (id uuid primary key, professional_id uuid, part_of uuid references services (id), name text);
insert into services values ('00000000-0000-0000-0000-0000000000e1', '00000000-0000-0000-0000-0000000000b1', null,
    'whole'), ('00000000-0000-0000-0000-0000000000e2', '00000000-0000-0000-0000-0000000000b1',
    '00000000-0000-0000-0000-0000000000e1', 'part'), ('00000000-0000-0000-0000-0000000000e3',
    '00000000-0000-0000-0000-0000000000b9', null, 'lost'), ('00000000-0000-0000-0000-0000000000e4',
    '00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000e3', 'of lost');
