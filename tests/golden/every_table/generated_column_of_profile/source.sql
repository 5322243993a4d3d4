-- The value of a profile's generated column arrives in its extension.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text, hours int,
    rate int, earnings int generated always as (hours * rate) stored);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active', 3, 7);
