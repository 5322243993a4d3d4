-- Users and what belongs to them, the staff, the roles, the configurations. Account settings stand on users, and in
-- part in user_settings too.

insert into _sqlx_migrations (version, description, success, checksum, execution_time, installed_on)
select 20220101000000 + n, 'step ' || n, n <> 7, decode(md5(n::text), 'hex'), n * 1000000, seed_time(n, 900)
from generate_series(1, 12) n;

insert into users
select seed_uuid('users', n),
    case when n % 1000 = 5 then 'o''tag+' || n || '@Example.org' else 'user' || lpad(n::text, 9, '0') end
        || case when n % 1000 = 5 then '' when seed_chance(n, 1, 300) then '@example.org' else '@example.com' end,
    case when seed_chance(n, 2, 700) then '+1555010' || lpad((n % 10000)::text, 4, '0') end,
    'synthetic$' || md5(n::text),
    case n % 500 when 20 then seed_naughty(n) when 21 then null else seed_person(n, 3) end,
    ('{active,active,active,active,inactive,suspended,pending_verification,deleted}'::user_status[])
        [seed_pick(n, 6, 8)],
    case when seed_chance(n, 7, 600) then created + seed_later(n, 8, 5) end,
    case when seed_chance(n, 9, 700) then created + seed_later(n, 10, 300) end,
    case seed_hash(n, 11) % 4 when 0 then ('192.0.2.' || n % 256)::inet when 1 then '2001:db8::1'::inet
        when 2 then '198.51.100.0/24'::inet end,
    case n % 1000 when 1 then 'NaN' when 2 then '-0' when 3 then 'Infinity' when 4 then null
        else (seed_hash(n, 12) % 1000000) / 7e5::float8 end,
    case when seed_chance(n, 13, 500) then 'R' || upper(to_hex(n)) end,
    case when n > 1 and seed_chance(n, 14, 200) then seed_uuid('users', seed_pick(n, 15, n - 1)) end,
    ('{en,en,de,fr,hi,NULL,NULL,""}'::text[])[seed_pick(n, 16, 8) + beyond],
    ('{UTC,Europe/Berlin,Asia/Kolkata,America/New_York,NULL,NULL}'::text[])[seed_pick(n, 17, 6) + beyond],
    ('{light,dark,system,NULL,NULL}'::text[])[seed_pick(n, 18, 5) + beyond],
    ('{t,f,NULL}'::boolean[])[seed_pick(n, 19, 3) + beyond],
    ('{t,f,NULL}'::boolean[])[seed_pick(n, 20, 3) + beyond],
    ('{t,NULL}'::boolean[])[seed_pick(n, 21, 2) + beyond],
    ('{t,f,f,NULL}'::boolean[])[seed_pick(n, 22, 4) + beyond],
    created, created + seed_later(n, 24, 200)
from seed_size s cross join lateral generate_series(1, s.users) n cross join lateral seed_time(n, 23) created
-- past the ends of the arrays: no settings at all
cross join lateral (select case when n % 1000 = 6 then 99 else 0 end as beyond) b;

insert into user_settings
select seed_uuid('users', seed_user(n, s.users)),
    ('{en,es,NULL,NULL}'::text[])[seed_pick(n, 30, 4)],
    ('{UTC,Asia/Tokyo,NULL}'::text[])[seed_pick(n, 31, 3)],
    ('{dark,NULL,NULL}'::text[])[seed_pick(n, 32, 3)],
    (array['{}', '{"email_notifications": false}', '{"sms_notifications": null, "density": 1.10}',
        '{"marketing_opt_in": "yes", "nested": {"a": [1, 2.50]}}', '{"push_notifications": true}']::jsonb[])
        [seed_pick(n, 33, 5)],
    case when n % 1000 = 1 then null else seed_time(n, 34) end,
    case when n % 1000 = 2 then null else seed_time(n, 34) + seed_later(n, 35, 50) end
from seed_size s cross join lateral generate_series(1, s.user_settings) n;

insert into refresh_tokens
select seed_uuid('refresh_tokens', n), seed_uuid('users', seed_pick(n, 40, s.users)),
    decode(md5('token' || n), 'hex'), seed_uuid('families', n / 3),
    case n % 500 when 20 then left(seed_naughty(n), 80)
        else ('{Android,iPhone,Firefox,"Chrome 120",NULL}'::text[])[seed_pick(n, 41, 5)] end,
    ('203.0.113.' || n % 256)::inet, 'Mozilla/5.0 (synthetic; rv:' || n % 120 || ')',
    case n % 1000 when 1 then 'infinity' else created + interval '30 days' end,
    case when seed_chance(n, 42, 400) then created + seed_later(n, 43, 30) end, created
from seed_size s cross join lateral generate_series(1, s.refresh_tokens) n cross join lateral seed_time(n, 44) created;

insert into roles
select n, key, initcap(translate(key, '_-', '  ')), 'Role no. ' || n, n <= 5, case when n <= 5 then 100 - n else 0 end,
    seed_time(n, 50), seed_time(n, 50) + seed_later(n, 51, 30)
from unnest('{admin,support_agent,finance_manager,content_editor,hr,PHOTOGRAPHER,tutor,makeup-artist,developer,'
    'Video Editor,graphic_designer,social_media_manager,fitness_trainer,ugc,company,customer,job_seeker}'::text[])
    with ordinality as r (key, n);

insert into role_permissions
select r.id, entity || ':' || action, case when action = 'delete' then '{"own": true, "limit": 1.0}'::jsonb end,
    seed_time(r.id, 52)
from roles r cross join unnest('{users,profiles,jobs,leads,payments,articles,tickets}'::text[])
        with ordinality as e (entity, i)
    cross join unnest('{read,write,delete}'::text[]) with ordinality as a (action, j)
where seed_chance(r.id * 100 + i * 10 + j, 53, 600) or r.id = 1;

insert into user_roles
select seed_uuid('users', seed_user(n, s.users)), seed_pick(n, 54, 17),
    case when seed_chance(n, 55, 200) then seed_uuid('users', seed_pick(n, 56, s.users)) end,
    case when n % 1000 = 1 then null else seed_time(n, 57) end
from seed_size s cross join lateral generate_series(1, s.user_roles) n;

insert into departments
select n, 'Department ' || n, 'D' || lpad(n::text, 3, '0'), case when n > 6 then n / 4 end,
    case when n % 3 = 0 then seed_uuid('employees', n) end, n * 100000.50, seed_time(n, 60), seed_time(n, 61)
from generate_series(1, 24) n;

insert into designations
select 'DSG-' || lpad(n::text, 3, '0'), 'Designation ' || n, 1 + n % 9, seed_time(n, 62) from generate_series(1, 30) n;

insert into employees
select seed_uuid('employees', n), case when n % 10 <> 0 then seed_uuid('users', seed_user(n, s.users)) end,
    'E' || lpad(n::text, 7, '0'), case when n % 500 = 20 then seed_naughty(n) else seed_person(n, 63) end,
    'staff' || n || '@example.com', seed_pick(n, 65, 24), 'DSG-' || lpad(seed_pick(n, 66, 30)::text, 3, '0'),
    case when n > 3 then seed_uuid('employees', seed_pick(n, 67, n - 1)) end,
    case n % 1000 when 1 then '-infinity'::date else date '2015-01-01' + (seed_hash(n, 68) % 3000)::int end,
    case when n % 12 = 0 then date '2024-01-01' + (seed_hash(n, 69) % 100)::int end,
    30000 + (seed_hash(n, 70) % 9000000)::numeric / 100,
    case when n % 7 = 0 then null else '{"desk": "A1", "fte": 0.80}'::jsonb end,
    ('{active,Active,on_leave,left}'::text[])[seed_pick(n, 71, 4)],
    case when n % 9 = 0 then null else seed_time(n, 72) end, case when n % 8 = 0 then null else seed_time(n, 72) end
from seed_size s cross join lateral generate_series(1, s.employees) n;

insert into account_deletion_requests
select seed_uuid('account_deletion_requests', n), seed_uuid('users', seed_user(n, s.users)),
    case n % 1000 when 2 then '' when 3 then null when 20 then seed_naughty(n) else seed_sentence(n, 73) end,
    ('{requested,processed,cancelled}'::text[])[seed_pick(n, 76, 3)], seed_time(n, 77),
    case when n % 3 = 0 then seed_time(n, 77) + seed_later(n, 78, 30) end,
    case when n % 3 = 0 then seed_uuid('employees', seed_pick(n, 79, s.employees)) end
from seed_size s cross join lateral generate_series(1, s.account_deletion_requests) n;

insert into dashboard_configs
select 100 + 5 * n, case when n % 20 <> 0 then 1 + n % 17 end, 'Board ' || n, n / 17,
    jsonb_build_array(jsonb_build_object('kind', 'chart', 'weight', 1.10, 'key', n), 'NULL', null),
    case n % 4 when 0 then '[0:1][1:2]={{1,2},{3,4}}' when 1 then '{}' when 2 then '[-1:1]={7,NULL,9}' end::integer[],
    case n % 3 when 0 then '{0.1,NaN,Infinity,-0,1e-300}' end::double precision[], n % 17 = 0,
    seed_time(n, 80), case when n % 5 = 0 then null else seed_time(n, 80) end
from generate_series(0, 50) n;

insert into runtime_configs
select 'feature.' || ('{leads,wallet,jobs,kb}'::text[])[1 + n % 4] || '.' || n,
    (array['true', '1.10', '"NULL"', 'null', '{"big": 12345678901234567890, "e": 1e-7}', '[]',
        '""']::jsonb[])[1 + n % 7],
    ('{bool,number,string,json}'::text[])[1 + n % 4], case when n % 6 = 0 then null else 'Flag ' || n end, n % 3 > 0,
    case when n % 5 = 0 then null else n * 2.25 end, case when n % 4 = 0 then 1 + n % 26 end,
    case when n % 2 = 0 then seed_uuid('employees', n + 1) end, seed_time(n, 81)
from generate_series(1, 40) n;
