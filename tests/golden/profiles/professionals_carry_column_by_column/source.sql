-- What professionals carry that met in one profile: column by column the last value that is not null; the rest is noted.
-- Of rows updated at once the higher id speaks: 10 is higher than 9. The row that made the profile is one among them.
-- Where values of several rows break a check together, the profile is rejected, and with it all that met in it.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2'),
    ('00000000-0000-0000-0000-0000000000a3'), ('00000000-0000-0000-0000-0000000000a4');
create table photographer_profiles (id uuid primary key, user_id uuid not null references users (id), status text,
    rating numeric, created_at timestamptz not null, updated_at timestamptz not null);
insert into photographer_profiles values ('00000000-0000-0000-0000-0000000000b1',
    '00000000-0000-0000-0000-0000000000a1', 'active', 2.5, '2024-01-01+00', '2024-01-01+00'), (
    '00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a4', 'active', null, '2024-01-01+00',
    '2024-01-01+00');
create table professionals (id integer primary key, user_id uuid not null references users (id), profession text,
    status text, rating numeric, root_id text, legacy_id text, tags text[], guide uuid references users (id),
    updated_at timestamptz not null, least_fee int, most_fee int, constraint fees check (least_fee <= most_fee));
insert into professionals
select id, ('00000000-0000-0000-0000-0000000000' || owner)::uuid, profession, status, rating, root_id, legacy_id,
    tags::text[], guide::uuid, updated_at::timestamptz, least_fee, most_fee
from (values
    (8, 'a1', 'photographer', null, 3.0, 'r8', 'l8', '{a,b}', null, '2023-02-01+00', null, null),
    (9, 'a1', 'photographer', null, 4.9, 'r9', 'l10', null, null, '2024-02-01+00', null, null),
    (10, 'a1', 'photographer', null, 1.0, null, 'l10', null, null, '2024-02-01+00', null, null),
    -- the last of its role makes the profile; the one without a role was updated later
    (20, 'a2', 'developer', null, null, 'r20', 'l20', '{c}', null, '2024-03-01+00', null, null),
    (21, 'a2', 'developer', null, 3.5, 'r21', null, '{{d},{e}}', '00000000-0000-0000-0000-0000000000a3',
        '2024-02-01+00', null, null),
    (22, 'a2', '', null, null, null, 'l22', null, null, '2024-05-01+00', null, null),
    -- a rejected row says nothing, though it was updated last
    (30, 'a3', 'tutor', 'odd', 9.9, 'r30', 'l30', null, null, '2024-09-01+00', null, null),
    (31, 'a3', 'tutor', null, null, 'r31', null, null, null, '2024-08-01+00', null, null),
    (40, 'a4', 'photographer', null, null, null, null, null, null, '2024-06-01+00', 5, null),
    (41, 'a4', 'photographer', null, null, null, null, null, null, '2024-05-01+00', 1, 3)
) as v (id, owner, profession, status, rating, root_id, legacy_id, tags, guide, updated_at, least_fee, most_fee);
