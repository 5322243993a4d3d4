-- Notifications, e-mails, support. Remainders of n by 1000: 1 an orphan, 2 and 3 as said below.

insert into notifications
select seed_uuid('notifications', n),
    case n % 1000 when 1 then seed_uuid('nobody', n) else seed_uuid('users', seed_pick(n, 600, s.users)) end,
    case when n % 20 = 0 then seed_uuid('activity_logs', seed_pick(n, 601, s.activity_logs)) end,
    ('{lead.new,job.match,payment.ok,system}'::text[])[seed_pick(n, 602, 4)],
    case n % 500 when 20 then seed_naughty(n) else 'Notice ' || n end,
    case when n % 5 = 0 then null else 'Please read on.' end,
    case n % 4 when 0 then '{"ref": 1, "amount": 10.00}' when 1 then 'null' when 2 then '"text"' end::jsonb,
    case n % 3 when 0 then '{in_app,push}' when 1 then '{}' else '{in_app}' end::text[],
    case when n % 3 > 0 then seed_time(n, 603) + interval '2 hours' end,
    case n % 1000 when 2 then null else seed_time(n, 603) end
from seed_size s cross join lateral generate_series(1, s.notifications) n;

insert into email_logs
select n, case n % 1000 when 1 then seed_uuid('nobody', n) else case when n % 10 > 0 then seed_uuid('users', u) end end,
    'user' || lpad(u::text, 9, '0') || '@example.com',
    ('{welcome,reset,invoice,digest,NULL}'::text[])[seed_pick(n, 611, 5)],
    case n % 500 when 20 then seed_naughty(n + 1500) else 'Message ' || n end,
    case when n % 4 = 0 then '{"X-Priority": "1"}'::jsonb end,
    ('{sent,Sent,delivered,bounced,queued}'::text[])[seed_pick(n, 612, 5)],
    case when n % 6 > 0 then '<' || n || '@example.org>' end,
    case when n % 30 = 0 then 'mailbox "full"' end, (n % 4)::int,
    case n % 1000 when 2 then 'NaN' when 3 then '-Infinity' else (seed_hash(n, 613) % 1000)::real / 7 end,
    case n % 1000 when 4 then null else seed_time(n, 614) end
from seed_size s cross join lateral generate_series(1, s.email_logs) n
cross join lateral (select seed_pick(n, 610, s.users) as u) u;

-- 3 an id that is no UUID (seed_ticket_id)
insert into support_tickets
select seed_ticket_id(n), 1000 + 10 * n, case when n % 15 > 0 then seed_uuid('users', seed_pick(n, 620, s.users)) end,
    case n % 500 when 20 then seed_naughty(n + 2500) else 'Ticket ' || n end, seed_sentence(n, 621),
    ('{billing,login,"",NULL}'::text[])[seed_pick(n, 624, 4)],
    ('{low,normal,normal,high,urgent}'::ticket_priority[])[seed_pick(n, 625, 5)],
    status,
    case when n % 3 > 0 then seed_uuid('employees', seed_pick(n, 627, s.employees)) end,
    case n % 3 when 0 then '{}' when 1 then '{refund,"NULL"}' end::text[],
    case when n % 4 > 0 then interval '1 day 02:30:00' end,
    seed_time(n, 628), seed_time(n, 628) + seed_later(n, 629, 9),
    case when status = 'closed' then seed_time(n, 628) + seed_later(n, 629, 9) when n % 2 = 0 then 'infinity' end
        at time zone 'UTC'
from seed_size s cross join lateral generate_series(1, s.support_tickets) n
cross join lateral (select ('{open,Open,pending,closed}'::text[])[seed_pick(n, 626, 4)] as status) t;

-- 1 an unknown ticket, 2 its id in capitals, 3 the ticket whose id is no UUID, 4 an unknown one of that kind
insert into support_ticket_messages
select seed_uuid('support_ticket_messages', n), case n % 1000 when 1 then seed_uuid('nobody', n)::text
        when 2 then upper(seed_ticket_id(2)) when 3 then seed_ticket_id(3) when 4 then 'TCK-unknown'
        else seed_ticket_id(seed_pick(n, 630, s.support_tickets)) end,
    case when n % 7 = 0 then null else seed_uuid(case when n % 2 = 0 then 'users' else 'employees' end, n % 60 + 1) end,
    case when n % 2 = 0 then 'user' else 'employee' end,
    case n % 500 when 20 then seed_naughty(n + 3500) else seed_sentence(n, 631) end,
    case when n % 9 = 0 then '[{"name": "screen shot.png", "bytes": 1.0e3}]'::jsonb end, n % 11 = 0, seed_time(n, 634)
from seed_size s cross join lateral generate_series(1, s.support_ticket_messages) n;
