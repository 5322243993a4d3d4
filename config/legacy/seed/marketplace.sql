-- Jobs and applications, requirements and lead requests, reviews. lead_requests take seed_owner of portfolio.sql.

-- 7 and 13 a company that is a duplicate, an orphan; of job_type and employment_type both, either, none, or two that
-- differ
insert into jobs (id, company_id, title, description, job_type, employment_type, status, salary, currency, skills, geo,
    location, openings, published_at, expires_at, created_at, updated_at)
select seed_uuid('jobs', n), seed_uuid('company_profiles', case when n % 1000 in (7, 13) then n % 1000
        else seed_pick(n, 300, s.companies) end),
    left(case n % 500 when 20 then seed_naughty(n + 7000) else 'Example job ' || n end, 200), seed_sentence(n, 301),
    case when n % 100 in (1, 3) then null else kinds[k] end,
    case when n % 100 = 3 then null when n % 100 = 5 then kinds[1 + k % 5] when n % 3 = 0 then null else kinds[k] end,
    ('{draft,open,open,paused,closed,filled}'::job_status[])[seed_pick(n, 305, 6)],
    case n % 6 when 0 then null when 1 then numrange(30000, null) else numrange(30000.50, 60000.75, '[]') end,
    ('{USD,EUR,NULL}'::text[])[seed_pick(n, 306, 3)], seed_tags(n, 307, '{python,sales,excel,sql,forklift,law,art}'),
    case n % 4 when 0 then null when 1 then row(null, -0.5)::geo_point else row(47.376900, 8.541700)::geo_point end,
    seed_place(n, 309), 1 + n % 4, seed_time(n, 310) + interval '1 day',
    case n % 5 when 0 then 'infinity' when 1 then null else seed_time(n, 310) + interval '60 days' end,
    seed_time(n, 310), seed_time(n, 310) + seed_later(n, 311, 40)
from seed_size s cross join lateral generate_series(1, s.jobs) n
cross join (select '{full_time,Full-Time,part_time,contract,internship}'::text[] as kinds) k
cross join lateral (select seed_pick(n, 304, 5) as k) p;

insert into applications
select seed_uuid('applications', n), seed_uuid('jobs', 1 + n % s.jobs),
    seed_uuid('job_seeker_profiles', 1 + (seed_hash(n % s.jobs, 320) + n / s.jobs) % s.job_seekers),
    case n % 1000 when 1 then seed_uuid('nobody', n) else case when n % 2 = 0 then
        seed_uuid('users', seed_pick(n, 321, s.users)) end end,
    case n % 500 when 20 then seed_naughty(n + 8000) else seed_sentence(n, 322) end,
    case when n % 3 = 0 then '/resumes/' || n || '.pdf' end,
    ('{applied,Applied,shortlisted,REJECTED,hired,withdrawn}'::text[])[seed_pick(n, 325, 6)],
    case when n % 4 = 0 then null else (seed_hash(n, 326) % 10001)::numeric / 100 end,
    '{"notice": "2 weeks", "salary": 45000.00}', seed_time(n, 327),
    case when n % 1000 = 2 then null else seed_time(n, 327) + seed_later(n, 328, 30) end
from seed_size s cross join lateral generate_series(1, s.applications) n;

-- 16 the customer whose id a developer holds too, 7 and 11 customers that are duplicates, 13 an orphan
insert into requirements
select seed_uuid('requirements', n), seed_uuid('users', seed_user(customer - 1, s.users)),
    case when n % 7 = 0 and n > 60 then null else seed_uuid('customer_profiles', customer) end,
    case n % 500 when 20 then seed_naughty(n + 9000) else 'Wanted: help no. ' || n end, seed_sentence(n, 331),
    ('{wedding,website,tuition,party,NULL}'::text[])[seed_pick(n, 334, 5)], seed_price(n, 335),
    case when n % 5 = 0 then null else seed_price(n, 335) * 2 end, seed_place(n, 336),
    date '2024-05-01' + (seed_hash(n, 337) % 200)::int, ('{open,Open,closed,fulfilled}'::text[])[seed_pick(n, 338, 4)],
    '{"via": "chat"}', seed_time(n, 339), seed_time(n, 339) + seed_later(n, 340, 20)
from seed_size s cross join lateral generate_series(1, s.requirements) n
cross join lateral (select case when n % 1000 in (7, 11, 13, 16) then n % 1000 else seed_pick(n, 330, s.customers) end
    as customer) c;

-- one professional asks once per requirement
insert into lead_requests
select seed_uuid('lead_requests', n), seed_uuid('requirements', 1 + n % s.requirements),
    case when n % 1000 between 1 and 7 then o.professional_id else seed_uuid('professionals', 1 +
        (seed_hash(n % s.requirements, 350) + n / s.requirements) % (s.professionals - s.professional_extras)) end,
    o.user_id, case n % 500 when 20 then seed_naughty(n + 10000) else seed_sentence(n, 351) end,
    case when n % 6 = 0 then null else seed_price(n, 354) end,
    ('{requested,Accepted,declined,expired,refunded}'::text[])[seed_pick(n, 355, 5)], (n % 5 * 10)::int,
    seed_time(n, 356), case when n % 1000 = 8 then null else seed_time(n, 356) + seed_later(n, 357, 10) end
from seed_owner o cross join seed_size s where o.kind = 'lead_requests';

insert into reviews
select seed_uuid('reviews', n), seed_uuid('users', seed_pick(n, 360, s.users)),
    case when n % 12 = 0 then null else
        seed_uuid('professionals', p - (p % 1000 = 6)::integer) end,
    case when n % 3 = 0 then seed_uuid('requirements', seed_pick(n, 362, s.requirements)) end,
    seed_pick(n, 363, 5), case when n % 4 = 0 then null else 'Review ' || n end,
    case n % 500 when 20 then seed_naughty(n + 11000) when 21 then '' when 22 then null else seed_sentence(n, 364) end,
    n % 40 = 0, case when n % 10 = 0 then (n % 100)::int end, ('{t,f,f,NULL}'::boolean[])[seed_pick(n, 367, 4)],
    case when n % 11 = 0 then '#ffcc00' end, case when n % 13 = 0 then 'Top "pick"' when n % 17 = 0 then '' end,
    seed_time(n, 368), seed_time(n, 368) + seed_later(n, 369, 10)
from seed_size s cross join lateral generate_series(1, s.reviews) n
cross join lateral seed_pick(n, 361, s.professionals - s.professional_extras) p;
