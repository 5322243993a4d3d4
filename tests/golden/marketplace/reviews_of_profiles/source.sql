-- A review's foreign key to a profile table follows to user_role_profiles, and to the profile that stays.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table photographer_profiles (id uuid primary key, user_id uuid references users (id), status text,
    updated_at timestamptz);
insert into photographer_profiles values ('00000000-0000-0000-0000-0000000000b1',
    '00000000-0000-0000-0000-0000000000a1', 'active', '2024-03-01+00'), ('00000000-0000-0000-0000-0000000000b2',
    '00000000-0000-0000-0000-0000000000a1', 'active', '2024-01-01+00');
create table reviews (id int primary key, photographer_profile_id uuid not null references photographer_profiles (id)
    on delete cascade, body text);
insert into reviews values (1, '00000000-0000-0000-0000-0000000000b1', 'stays'), (2,
    '00000000-0000-0000-0000-0000000000b2', 'moves');
