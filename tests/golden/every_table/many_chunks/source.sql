-- The result is the same in however many chunks and threads a table travels: duplicates, professionals and items
-- across chunks meet.
create table users (id uuid primary key);
insert into users select ('00000000-0000-0000-0000-00000' || to_char(n, 'FM0000000'))::uuid from generate_series(1,
    3000) n;
create table tutor_profiles (id uuid primary key, user_id uuid, status text, updated_at timestamptz, bio text);
insert into tutor_profiles
select ('00000000-0000-0000-0001-00000' || to_char(n, 'FM0000000'))::uuid,
    ('00000000-0000-0000-0000-00000' || to_char(1 + n % 1000, 'FM0000000'))::uuid, 'active',
    timestamptz '2024-01-01+00' + n * interval '1 minute', repeat('b', 90)
from generate_series(0, 1009) n;
create table professionals (id uuid primary key, user_id uuid, profession text, bio text, updated_at timestamptz,
    rating int);
insert into professionals
select ('00000000-0000-0000-0002-00000' || to_char(n, 'FM0000000'))::uuid,
    ('00000000-0000-0000-0000-00000' || to_char(1 + n % 3000, 'FM0000000'))::uuid, (array['tutor', 'Developer', 'UGC',
    'video-editor', 'PHOTOGRAPHER'])[1 + n % 5], repeat('b', 90),
    timestamptz '2024-01-01+00' + n * interval '1 minute', n
from generate_series(0, 5999) n;
create table services (id int primary key, professional_id uuid, name text);
insert into services select n, ('00000000-0000-0000-0002-00000' || to_char(n, 'FM0000000'))::uuid, repeat('n',
    90) from generate_series(0, 5999) n;
