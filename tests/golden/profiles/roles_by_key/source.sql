-- role_id is the matching row of roles, by its key; a role that roles does not know has none.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table roles (id uuid primary key, key text not null unique, name text);
insert into roles values ('00000000-0000-0000-0000-0000000000c1', 'PHOTOGRAPHER', 'x'),
    ('00000000-0000-0000-0000-0000000000c2', 'makeup_artist', 'y'), ('00000000-0000-0000-0000-0000000000c3', 'admin',
    'z');
create table photographer_profiles (id uuid primary key, user_id uuid references users (id), status text);
create table makeup_artist_profiles (id uuid primary key, user_id uuid references users (id), status text);
create table company_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into photographer_profiles values ('00000000-0000-0000-0000-0000000000b1',
    '00000000-0000-0000-0000-0000000000a1', 'active');
insert into makeup_artist_profiles values ('00000000-0000-0000-0000-0000000000b2',
    '00000000-0000-0000-0000-0000000000a1', 'active');
insert into company_profiles values ('00000000-0000-0000-0000-0000000000b3', '00000000-0000-0000-0000-0000000000a1',
    'active');
