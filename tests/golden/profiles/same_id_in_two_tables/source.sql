-- The table that comes first in the list keeps an id that two hold; the other's is derived, mapped, and followed.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table photographer_profiles (id uuid primary key, user_id uuid references users (id), status text,
    camera text);
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text, subject text);
create table developer_profiles (id uuid primary key, user_id uuid references users (id), status text, stack text);
insert into developer_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a2',
    'active', 'go');
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active', 'maths'), ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a2', 'active',
    'latin');
insert into photographer_profiles values ('00000000-0000-0000-0000-0000000000b1',
    '00000000-0000-0000-0000-0000000000a1', 'active', 'Leica');
create table lessons (id int primary key, tutor_profile_id uuid not null references tutor_profiles (id) on delete
    cascade);
insert into lessons values (1, '00000000-0000-0000-0000-0000000000b1'), (2, '00000000-0000-0000-0000-0000000000b2');
create table shoots (id int primary key, photographer_profile_id uuid references photographer_profiles (id));
insert into shoots values (1, '00000000-0000-0000-0000-0000000000b1');
