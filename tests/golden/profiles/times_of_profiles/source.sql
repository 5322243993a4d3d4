-- The root's times: a missing created_at is updated_at, a missing updated_at is created_at, both missing the run's
-- instant.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2'),
    ('00000000-0000-0000-0000-0000000000a3');
create table graphic_designer_profiles (id uuid primary key, user_id uuid, status text, created_at timestamptz);
insert into graphic_designer_profiles values ('00000000-0000-0000-0000-0000000000b1',
    '00000000-0000-0000-0000-0000000000a1', 'active', '2024-01-01+00'), ('00000000-0000-0000-0000-0000000000b2',
    '00000000-0000-0000-0000-0000000000a2', 'active', null);
create table social_media_manager_profiles (id uuid primary key, user_id uuid, status text, updated_at timestamp);
insert into social_media_manager_profiles values ('00000000-0000-0000-0000-0000000000b3',
    '00000000-0000-0000-0000-0000000000a1', 'active', '2024-02-02 02:02');
create table customer_profiles (id uuid primary key, user_id uuid, status text, submitted_at timestamptz,
    created_at date, updated_at timestamptz);
insert into customer_profiles values ('00000000-0000-0000-0000-0000000000b4', '00000000-0000-0000-0000-0000000000a1',
    null, '2023-03-03+00', null, '2024-04-04+00'), ('00000000-0000-0000-0000-0000000000b5',
    '00000000-0000-0000-0000-0000000000a2', null, '2023-03-03+00', '2022-02-02', null);
