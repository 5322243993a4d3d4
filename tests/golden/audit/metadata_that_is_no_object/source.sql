-- Metadata that is a list or a scalar, or text that is no JSON, becomes {"legacy_metadata": …}, and is noted: no log is
-- lost for it.
create table users (id uuid primary key);
create table activity_logs (id int primary key, user_id uuid, action text, ip_address text, metadata text,
    created_at timestamptz);
insert into activity_logs values
    (1, null, 'a', null, '{"a": 1}', '2024-01-01+00'), (2, null, 'a', null, '[1, 2.50]', '2024-01-01+00'),
    (3, null, 'a', 'unknown', '"x"', '2024-01-01+00'), (4, null, 'a', null, 'no json', '2024-01-01+00'),
    (5, null, 'a', '::1', '{"changes": {"f": {"old": "\u0000", "new": 1}}}', '2024-01-01+00'),
    (6, null, 'a', null, '{"a": 1e999999}', '2024-01-01+00'), (7, null, 'a', null, 'null', '2024-01-01+00'),
    (8, null, 'a', null, '', '2024-01-01+00'), (9, null, 'a', null, null, '2024-01-01+00'),
    (10, null, 'a', 'x', '{broken', '2024-01-01+00'), (11, null, 'a', null, '{"a": 1e-16384}', '2024-01-01+00'),
    (12, null, 'a', null, '{"a": 0e999999}', '2024-01-01+00');
