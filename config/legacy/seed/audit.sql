-- Activity. metadata tells changes in one of two forms, or other things, or nothing. Remainders of n by 1000:
--   1 an orphan, 2 no time, 11 to 17 an address that is none (14 keeps one in metadata already), 18 one with an IPv6
--   mask.

insert into activity_logs
select seed_uuid('activity_logs', n), case n % 1000 when 1 then seed_uuid('nobody', n) else case when n % 12 > 0 then
        seed_uuid('users', seed_pick(n, 800, s.users)) end end,
    ('{login,logout,profile.update,job.create,payment.create,settings.update}'::text[])[seed_pick(n, 801, 6)],
    ('{users,profiles,jobs,payments,NULL}'::text[])[seed_pick(n, 802, 5)],
    case n % 5 when 0 then null when 1 then n::text else seed_uuid('entities', n)::text end,
    case n % 1000 when 11 then '999.1.2.3' when 12 then 'unknown' when 13 then '' when 14 then 'localhost'
        when 15 then 'fe80::1%eth0' when 16 then '10.0.0.1:443' when 17 then '198.51.100.7, 203.0.113.9'
        when 18 then '2001:db8::/32' else case n % 4 when 0 then null when 1 then '2001:db8::' || to_hex(n % 65536)
        else '192.0.2.' || n % 256 end end,
    case n % 500 when 20 then seed_naughty(n + 5500) else 'Mozilla/5.0 (synthetic; rv:' || n % 120 || ')' end,
    case n % 1000 when 14 then '{"legacy_ip_address": "203.0.113.1", "n": 1.10}'
        when 15 then '{"zone": true, "rate": 1.10}'
        when 16 then '[1.10, 12345678901234567890]' when 17 then '"plain text"' when 18 then 'null'
        when 21 then '{"changes": {}}' when 22 then '{"changes": {"name": {"old": "a", "new": "a"}}}'
        when 23 then '{"changes": {"name": {"new": "only new"}, "bio": {"old": "only old"}}}'
        when 24 then '{"changes": ["name", "bio"]}' when 25 then '{"before": {"a": 1}}'
        when 26 then '{"after": {"a": 1}}'
        when 27 then '{"before": null, "after": {"a": 1}}'
        when 28 then '{"changes": {"amount": {"old": 1.1, "new": 1.10}}}'
        when 29 then '{"changes": {"big": {"old": 12345678901234567890, "new": 12345678901234567891}}, '
            || '"before": {}, "after": {"x": 1}}'
        when 30 then '{"changes": {"name": "not a pair", "note": {"old": null, "new": ""}}}' when 31 then '5'
        when 32 then '{"changes": {"tags": {"old": ["a"], "new": ["a", "b"]}, '
            || '"deep": {"old": {"k": 1.00}, "new": null}}}'
        else case n % 8
        when 0 then '{"changes": {"status": {"old": "draft", "new": "open"}, "price": {"old": 10.50, "new": '
            || n % 100 || '.10}}}'
        when 1 then '{"before": {"status": "draft", "title": "x", "gone": 1}, '
            || '"after": {"status": "open", "title": "x", "n": ' || n || '}}'
        when 2 then '{"path": "/p/' || n || '", "ms": 1.50}' when 3 then '{}'
            when 4 then '{"note": "NULL"}' end end::jsonb,
    case n % 1000 when 2 then null else seed_time(n, 803) end
from seed_size s cross join lateral generate_series(1, s.activity_logs) n;
