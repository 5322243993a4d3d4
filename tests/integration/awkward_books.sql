-- A legacy database whose migration fills every kind of list: rejects by each kind of constraint, notes, new ids.
create table users (id text primary key, role_id int);
insert into users (id)
select '00000000-0000-0000-0000-0000000000' || n from unnest(array['A1', 'a2', 'a3', 'a4']) as n;
insert into users (id) values ('seven');

-- audit: ids in other forms, addresses and none, metadata of every shape
create table activity_logs (id text primary key, user_id text, action text, ip text, details text,
    created_at timestamptz);
insert into activity_logs (id, user_id, action, ip, details, created_at)
select n::text, u.id, 'act', ip, details, '2024-01-01 10:00+00'::timestamptz + n * interval '1 second'
from (values ('seven')) as u (id), unnest(
    array['10.0.0.1', '10/8', '::1', 'fe80::', '1:2:3:4:5:6:7:8/64', '1.2.3', '', ' 10.0.0.1', '256.1.1.1', 'unknown',
        '010.1.1.1', '::ffff:1.2.3.4', ':1', '1::2::3', '10.0.0.1/33', '10.0.0.1/4294967296', '0x0a.1.1.1', null,
        'no', 'no', 'no', 'no', 'no'],
    array['{}', null, '[]', '1', 'null', '"text"', '{}', '[1, {"legacy_ip_address": 2}]', null, 'null',
        '{"a": 1}', '{"a": 1.10}', ' { "a" : 2 } ', '{"legacy_ip_address": 1}', '"legacy_ip_address"', '5', '[]', '7',
        '{"legacy_ip_address": 1, "legacy_ip_address_": 2}', '{"x": {"legacy_ip_address": 1}}', '[1]', null,
        'null']
) with ordinality as v (ip, details, n);
insert into activity_logs values
    ('00000000-0000-0000-0000-0000000000F1', null, 'both', null,
        '{"changes": {"a": {"old": 1, "new": 2}, "b": {"old": 1, "new": 1.0}, "c": 5, "e": {"new": null}},
          "before": {"a": 0, "d": 1, "f": null, "b": 3}, "after": {"a": 9, "d": null, "g": [1], "b": 4}}', null),
    ('{00000000-0000-0000-0000-0000000000f2}', null, 'made', null, '{"before": null, "after": {"x": null, "y": "z"}}', null),
    ('00000000-0000-0000-0000-0000000000f3', null, 'half', null, '{"before": {"x": 1}, "changes": []}', null),
    ('00000000-0000-0000-0000-0000000000f4', null, 'no JSON', null, '{"before": ', null),
    ('00000000-0000-0000-0000-0000000000f5', null, 'list', null, '["before", "after", "changes"]', null),
    ('00000000-0000-0000-0000-0000000000f6', '00000000-0000-0000-0000-0000000000f9', 'deep', null,
        '{"changes": {"a": {"old": 1, "new": ' || repeat('[', 120) || '"]}"' || repeat(']', 120) || '}}}', null);

-- a reference that leads nowhere breaks a check once it is null
create table tickets (id int primary key, user_id uuid, guest text, check (num_nonnulls(user_id, guest) = 1));
insert into tickets values (1, '00000000-0000-0000-0000-0000000000a2', null),
    (2, '00000000-0000-0000-0000-0000000000f9', null), (3, null, 'g');

-- what jsonb cannot hold is kept as text; text ids that coincide once they are UUIDs
create table notifications (id text primary key, user_id text not null, data json);
insert into notifications values
    ('00000000-0000-0000-0000-0000000000b1', 'nobody', '{"a": "\u0000"}'),
    ('00000000-0000-0000-0000-0000000000b2', 'seven', '{"a": 1}'),
    ('00000000-0000-0000-0000-0000000000B2', 'seven', '{"a": 2}'),
    ('00000000-0000-0000-0000-0000000000b3', 'nobody', '{"a": 1.10}');

-- exclusions, expressions and predicates over ids that change; a match of all columns or none
create table bookings (user_id text not null, day int, kind text, unique (user_id, day),
    exclude using btree (kind with =) where (day > 100));
create unique index bookings_odd on bookings ((lower(user_id))) where day < 0;
insert into bookings values ('00000000-0000-0000-0000-0000000000A1', 1, 'a'),
    ('00000000-0000-0000-0000-0000000000a1', 1, 'b'), ('00000000-0000-0000-0000-0000000000a2', -1, 'c'),
    ('00000000-0000-0000-0000-0000000000a2', 101, 'd');

create table onboarding_submissions (id text primary key, user_id text, role text, status text, reviewed_at text,
    form_data text);
insert into onboarding_submissions values
    ('s1', 'seven', 'tutor', 'approved', '2024-01-01', '{}'), ('s2', 'seven', 'wizard', 'pending', null, '[1]'),
    ('s3', 'seven', 'tutor', 'pending', 'yesterday''s', '{}'), ('s4', 'seven', 'tutor', 'pending', null, '{'),
    ('s5', null, 'tutor', 'pending', null, '{}'), ('s6', 'seven', 'tutor', 'odd', null, '{}');
create table submission_documents (id serial primary key, submission_id text, type text, url text);
insert into submission_documents (submission_id, type, url)
values ('s1', 'id', 'u'), ('s1', null, 'u'), ('s3', 'id', 'u'), ('s9', 'id', 'u'), ('s1', 'id', null);

create table kb_categories (id text primary key, created_at timestamptz);
insert into kb_categories values ('one', '2024-01-01'), ('00000000-0000-0000-0000-0000000000C1', null);
create table kb_articles (slug text primary key, category_id text);
insert into kb_articles values ('a', 'one'), ('b', '00000000-0000-0000-0000-0000000000c1'), ('c', 'none'), ('d', null);
