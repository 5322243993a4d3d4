-- Times without zone are of the zone that the profile names.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text,
    approved_at timestamp, created_at timestamp, updated_at timestamptz);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active', '2024-01-15 10:00', '2024-01-01 00:00', '2024-02-01 00:00+00');
