-- A payload that is no JSON, or none that jsonb takes, stands in an object under legacy_payload, whatever its column's
-- type, and is noted: no submission, verification or state is lost for it.
create extension hstore;
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table onboarding_submissions (id uuid primary key, user_id uuid, status text, role text, form_data text);
insert into onboarding_submissions
select format('00000000-0000-0000-0000-0000000000c%s', n)::uuid, '00000000-0000-0000-0000-0000000000a1',
    case n when 1 then 'approved' else 'draft' end, 'tutor', data
from unnest(array['', 'no json', '{"a": "\u0000"}', ' {"a": 1.10} ', '[]', '"x"', null, '{"a": 1, "a": 2}'])
    with ordinality as v (data, n);
insert into onboarding_submissions
values ('00000000-0000-0000-0000-0000000000c9', '00000000-0000-0000-0000-0000000000a1', 'huh', 'tutor', 'lost with its row');
create table verifications (id uuid primary key, user_id uuid, type text, status text, payload bytea);
insert into verifications values
    ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a1', 'email', 'new', '\x7b7d'),
    ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-0000000000a1', 'email', 'new', null);
create table onboarding_states (id int primary key, user_id uuid, role text, completed boolean, state json);
insert into onboarding_states values
    (1, '00000000-0000-0000-0000-0000000000a2', 'tutor', false, '{"a":  "\u0000"}'),
    (2, '00000000-0000-0000-0000-0000000000a2', 'customer', false, '{"a":  1, "a": 2}'),
    (3, '00000000-0000-0000-0000-0000000000a2', 'company', true, '"\u0000"');
create table activity_logs (id int primary key, user_id uuid, action text, details hstore, created_at timestamptz);
insert into activity_logs values (1, null, 'x', 'a=>1', '2024-01-01+00'), (2, null, 'x', '', '2024-01-01+00');
