-- References that professionals carry are told by where they lead: one to a rejected row is no value and noted, and two
-- that lead to one profile are equal.
create table users (id uuid primary key);
insert into users select format('00000000-0000-0000-0000-0000000000a%s', n)::uuid from generate_series(1, 5) as n;
create table photographer_profiles (id text primary key, user_id uuid, status text);
insert into photographer_profiles values ('p1', '00000000-0000-0000-0000-0000000000a1', 'active');
create table professionals (id text primary key, user_id uuid, role text, boss text references professionals (id),
    photo text references photographer_profiles (id), updated_at timestamptz);
insert into professionals values
    ('x1', '00000000-0000-0000-0000-0000000000a1', 'photographer', null, null, '2024-01-01Z'),
    ('x2', '00000000-0000-0000-0000-0000000000a1', 'photographer', 'x1', 'p1', '2023-01-01Z'),
    ('x3', '00000000-0000-0000-0000-0000000000a4', 'developer', 'x4', 'p1', '2023-01-01Z'),
    ('x4', '00000000-0000-0000-0000-0000000000a5', 'nonsense', 'x2', null, null),
    ('x5', '00000000-0000-0000-0000-0000000000a4', 'developer', 'x2', null, '2022-01-01Z'),
    ('x6', '00000000-0000-0000-0000-0000000000a4', 'developer', 'x1', null, '2021-01-01Z'),
    ('x7', '00000000-0000-0000-0000-0000000000a4', 'developer', 'x3', null, '2020-01-01Z');
