-- A profile's generated column is generated in its extension where all that it reads is carried there; else its value
-- arrives.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text, hours int,
    rate int, earnings int generated always as (hours * rate) stored, bio text,
    label text generated always as (coalesce(bio, 'none') || rate) stored);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active', 3, 7);
create index tutor_profiles_earnings_idx on tutor_profiles (earnings);
create table professionals (id uuid primary key, user_id uuid references users (id), role text, seats int,
    many boolean generated always as (coalesce(seats, 0) > 3) stored);
insert into professionals values ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a1',
    'tutor', 4), ('00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-0000000000a1', 'developer', 1);
