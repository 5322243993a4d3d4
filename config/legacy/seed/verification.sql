-- Onboarding and verification. Remainders of n by 1000 in onboarding_submissions:
--   1 an unknown status, 2 '' and 3 no status, 4 a role without a profile, 5 an unknown role, 6 none, 7 no form data,
--   8 and 9 no times, 10 an orphan, 11 a second submission of the user and role of row 12.

insert into onboarding_configs overriding system value
select ordinal + (version - 1) * 13, role, version, '[{"step": "identity"}, {"step": "samples", "min": 3}]',
    version = 2,
    seed_time(ordinal, 400), seed_time(ordinal, 400)
from seed_role cross join generate_series(1, 2) version;

insert into onboarding_submissions
select seed_uuid('onboarding_submissions', n),
    case n % 1000 when 10 then seed_uuid('nobody', n) else
        seed_uuid('users', seed_user(case n % 1000 when 4 then s.users - 1 - n / 1000 % (s.users / 25) else place end,
            s.users)) end,
    case n % 1000 when 5 then 'Space Pilot' when 6 then null else spelling end,
    case when n % 20 = 0 then null else ordinal + 13 * (n % 2) end, status,
    case n % 1000 when 7 then null when 20 then jsonb_build_object('note', seed_naughty(n + 1000))
        else '{"steps": ["identity", "samples"], "rate": 25.00, "big": 12345678901234567890}' end, 1 + n % 3,
    case when status ~* '^ *draft' then null else created end,
    case when reviewed then seed_uuid(case when n % 2 = 0 then 'users' else 'employees' end, seed_pick(n, 410, 60)) end,
    case when reviewed then created + seed_later(n, 411, 20) end,
    case when status ~* 'reject|declin|fail' then 'A document is missing' end,
    case n % 1000 when 8 then null when 9 then null else created end,
    case n % 1000 when 9 then null else created + seed_later(n, 411, 20) end
from seed_size s cross join lateral generate_series(1, s.onboarding_submissions) n
cross join lateral (select case n % 1000 when 11 then n + 1 else n end as m) m
cross join lateral (select seed_pick(m, 401, 13) as drawn, seed_time(n, 403) as created) d
join seed_role r on r.ordinal = case when seed_chance(m, 402, 300) then 12 when seed_chance(m, 405, 250) then 13
    else drawn end
cross join lateral (select r.first + seed_hash(m, 404) % r.size as place,
    r.spellings[seed_pick(n, 406, cardinality(r.spellings))] as spelling,
    case n % 1000 when 1 then 'half way' when 2 then '' when 3 then null else
        ('{draft,Draft,submitted,PENDING,new,under_review,"In Review",processing,approved,APPROVED,Accepted,completed,'
        'verified,active,rejected,Declined,failed,changes-requested,resubmit,"Needs Info",cancelled,canceled,withdrawn,'
        'expired,suspended,blocked,inactive}'::text[])[seed_pick(n, 407, 27)] end as status) p
cross join lateral (select status ~* 'appro|accept|complet|verif|active|reject|declin|fail|change|expire'
    as reviewed) v;

-- 1 an orphan, 2 an unknown status, 3 and 4 '' and no status, 5 no file, 6 a document of a rejected submission
insert into submission_documents
select seed_uuid('submission_documents', n), case n % 1000 when 1 then seed_uuid('nobody', n)
        else seed_uuid('onboarding_submissions', case n % 1000 when 6 then 1 else
            seed_pick(n, 420, s.onboarding_submissions) end) end,
    ('{passport,ID Card,licence,certificate}'::text[])[seed_pick(n, 421, 4)],
    case n % 1000 when 5 then null else '/documents/' || n || '.pdf' end, seed_hash(n, 422) % 9000000000,
    'application/pdf', decode(md5(n::text), 'hex'),
    case n % 1000 when 2 then 'smudged' when 3 then '' when 4 then null else
        ('{pending,Approved,VERIFIED,rejected,needs-info,expired}'::text[])[seed_pick(n, 423, 6)] end,
    case n % 1000 when 7 then null else seed_time(n, 424) end
from seed_size s cross join lateral generate_series(1, s.submission_documents) n;

-- some complete, each in one of the ways a row can say so; some with a submission of that user and role (every fifth)
insert into onboarding_states
select distinct on (1, 2) * from (
    select seed_uuid('users', seed_user(n, s.users)) as user_id, spelling, (n % 5)::int, '{identity}'::text[],
        case n % 10 when 6 then true when 1 then null else false end,
        case when n % 10 = 1 then seed_time(n, 430) end,
        case n % 10 when 2 then 'Completed' when 3 then '' when 4 then null when 5 then 'who knows'
            else 'in progress' end,
        case when n % 6 = 0 then null else '{"step": 2, "answers": {"rate": 10.50}}'::jsonb end,
        case when n % 1000 = 3 then null else seed_time(n, 431) end as created_at,
        case when n % 1000 in (3, 4) then null else seed_time(n, 431) + seed_later(n, 432, 9) end
    from seed_size s cross join lateral generate_series(1, s.onboarding_states) n
    join seed_role r on r.ordinal = seed_pick(n, 433, 13)
    cross join lateral (select case when n % 1000 = 6 then 'Space Pilot' else r.spellings[1] end as spelling) p
    where n % 5 > 0
    union all
    select o.user_id, coalesce(o.role_key, 'customer'), 3, null, false, null, 'submitted', null, o.created_at,
    o.updated_at
    from seed_size s cross join lateral generate_series(20, 20 + s.onboarding_states / 5) n
    join onboarding_submissions o on o.id = seed_uuid('onboarding_submissions', n)
) states
order by user_id, spelling, created_at nulls last;

-- 1 a user that is none, 2 an unknown one, 3 a user id in capitals, 4 an unknown status, 5 the id of a submission,
-- 6 no times, 7 ''
insert into verifications
select seed_uuid(case n % 1000 when 5 then 'onboarding_submissions' else 'verifications' end, n),
    case n % 1000 when 1 then 'user-' || n when 2 then seed_uuid('nobody', n)::text
        when 3 then upper(seed_uuid('users', n)::text) else seed_uuid('users', seed_pick(n, 440, s.users))::text end,
    ('{identity,email,phone,address,Bank Account}'::text[])[seed_pick(n, 441, 5)],
    case n % 1000 when 4 then 'lost in the post' when 7 then '' else status end,
    case when n % 3 = 0 then null else '{"document": "passport", "score": 0.990}'::jsonb end, 1 + n % 2,
    case when status ~* 'verif|reject' then seed_uuid('employees', seed_pick(n, 442, s.employees)) end,
    case when status ~* 'verif|reject' then created + seed_later(n, 443, 9) end,
    case when status ~* 'reject' then 'Blurred' end,
    case n % 1000 when 6 then null else created end,
    case n % 1000 when 6 then null else created + seed_later(n, 443, 9) end
from seed_size s cross join lateral generate_series(1, s.verifications) n
cross join lateral (select ('{pending,Verified,verified,REJECTED,in_review,expired}'::text[])[seed_pick(n, 444, 6)]
    as status,
    seed_time(n, 445) as created) p;

insert into verification_logs
select n, seed_uuid(case v % 1000 when 5 then 'onboarding_submissions' else 'verifications' end, v),
    ('{created,assigned,approved,rejected}'::text[])[seed_pick(n, 451, 4)],
    case when n % 3 = 0 then null else seed_uuid(case when n % 2 = 0 then 'users' else 'employees' end, n % 60 + 1) end,
    'pending', ('{verified,REJECTED,NULL}'::text[])[seed_pick(n, 452, 3)],
    case n % 500 when 20 then seed_naughty(n + 3000) else null end, '{"seconds": 1.10}', seed_time(n, 453)
from seed_size s cross join lateral generate_series(1, s.verification_logs) n
cross join lateral (select case n % 1000 when 5 then 5 else seed_pick(n, 450, s.verifications) end as v) p;
