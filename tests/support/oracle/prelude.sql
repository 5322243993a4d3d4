-- What the expectations share, read from the legacy tables alone: spellings, which profile stays under which id, and
-- where each professional went. Derived ids are written `derived:<name>`; the test turns them into UUIDs. `*` is a
-- value
-- that the rules leave open, or that the run's own instant decides.
--
-- Temporary tables of one session on the legacy database; the session's search_path is its schema.

create function pg_temp.spelled(value text) returns text language sql immutable as
$$ select nullif(regexp_replace(lower(value), '[^a-z0-9]', '', 'g'), '') $$;

create function pg_temp.as_uuid(value text) returns uuid language sql immutable as
$$ select case when value ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then value::uuid end $$;

create function pg_temp.as_inet(value text) returns inet language plpgsql immutable as
$$ begin return value::inet; exception when others then return null; end $$;

create temp table spelling (kind text, spelled text, meaning text, primary key (kind, spelled));
insert into spelling
select kind, pg_temp.spelled(word), meaning
from (values
    ('status', 'DRAFT', '{draft}'),
    ('status', 'PENDING', '{pending,submitted,new}'),
    ('status', 'IN_REVIEW', '{in review,under review,processing}'),
    ('status', 'APPROVED', '{approved,accepted,completed,verified,active}'),
    ('status', 'REJECTED', '{rejected,declined,failed}'),
    ('status', 'CHANGES_REQUESTED', '{changes requested,resubmit,needs info}'),
    ('status', 'CANCELLED', '{cancelled,canceled,withdrawn}'),
    ('status', 'EXPIRED', '{expired}'),
    ('status', 'SUSPENDED', '{suspended,blocked,inactive}'),
    ('order', 'PAID', '{paid,success,succeeded,captured,completed}'),
    ('order', 'PENDING', '{pending,created,authorized,processing}'),
    ('order', 'FAILED', '{failed,declined,error}'),
    ('order', 'REFUNDED', '{refunded}'),
    ('order', 'CANCELLED', '{cancelled,canceled,voided}'),
    ('role', 'photographer', '{photographer}'),
    ('role', 'tutor', '{tutor}'),
    ('role', 'makeup_artist', '{makeup artist}'),
    ('role', 'developer', '{developer}'),
    ('role', 'video_editor', '{video editor}'),
    ('role', 'graphic_designer', '{graphic designer}'),
    ('role', 'social_media_manager', '{social media manager}'),
    ('role', 'fitness_trainer', '{fitness trainer}'),
    ('role', 'catering_service', '{catering service}'),
    ('role', 'ugc_content_creator', '{ugc content creator,ugc}'),
    ('role', 'company', '{company}'),
    ('role', 'customer', '{customer}'),
    ('role', 'job_seeker', '{job seeker}')
) as s (kind, meaning, words), unnest(s.words::text[]) as word;

create function pg_temp.meaning(wanted text, value text) returns text language sql stable as
$$ select meaning from pg_temp.spelling where kind = wanted and spelled = pg_temp.spelled(value) $$;

-- All profiles, in the order in which their tables may claim an id.
create temp table profile as
select *, pg_temp.as_uuid(legacy_id) as id from (
    select 1 as rank, 'photographer' as role, id::text as legacy_id, user_id::text, display_name::text, bio,
        location::text, status::text, rejection_reason, approved_at, created_at, updated_at
    from photographer_profiles
    union all
    select 2, 'tutor', id::text, user_id::text,
        display_name, bio, location, status, rejection_reason, approved_at, created_at, updated_at
    from tutor_profiles
    union all
    select 3, 'makeup_artist', id::text, user_id::text, display_name, bio, location, status, rejection_reason,
        approved_at at time zone 'UTC', created_at at time zone 'UTC', updated_at at time zone 'UTC'
    from makeup_artist_profiles
    union all
    select 4, 'developer', id::text, user_id::text,
        display_name, bio, location, status, rejection_reason, approved_at, created_at, updated_at
    from developer_profiles
    union all
    select 5, 'video_editor', id::text, user_id::text,
        display_name, bio, location, status, rejection_reason, approved_at, created_at, updated_at
    from video_editor_profiles
    union all
    select 6, 'graphic_designer', id::text, user_id::text,
        display_name, bio, location, status, rejection_reason, approved_at, created_at, null
    from graphic_designer_profiles
    union all
    select 7, 'social_media_manager', id::text, user_id::text,
        display_name, bio, location, status, rejection_reason, approved_at, null, updated_at
    from social_media_manager_profiles
    union all
    select 8, 'fitness_trainer', id::text, user_id::text,
        display_name, bio, location, status, rejection_reason, approved_at, created_at, updated_at
    from fitness_trainer_profiles
    union all
    select 9, 'catering_service', id::text, user_id::text,
        display_name, bio, location, status, rejection_reason, approved_at, created_at, updated_at
    from catering_service_profiles
    union all
    select 10, 'ugc_content_creator', id, user_id,
        display_name, bio, location, status, rejection_reason, approved_at, created_at, updated_at
    from ugc_content_creator_profiles
    union all
    select 11, 'company', id::text, user_id::text, display_name, bio, location, status::text, rejection_reason,
        approved_at, created_at, updated_at
    from company_profiles
    union all
    select 12, 'customer', id::text, user_id::text,
        display_name, bio, location, status, rejection_reason, approved_at, created_at, updated_at
    from customer_profiles
    union all
    select 13, 'job_seeker', id::text, user_id::text,
        display_name, bio, location, status, rejection_reason, approved_at,
        created_at at time zone 'UTC', updated_at at time zone 'UTC' from job_seeker_profiles
) p;
create index on profile (id);

-- Those that nothing speaks against, each under its target id; the one that stays of each user and role has place 1.
create temp table candidate as
select p.*, u.id as owner,
    case when pg_temp.spelled(p.status) is null and trim(coalesce(p.status, '')) = '' then 'DRAFT'
        else pg_temp.meaning('status', p.status) end as target_status,
    case when p.id is null or exists (select from profile earlier where earlier.rank < p.rank and earlier.id = p.id)
        then 'derived:' || p.role || '_profiles:' || p.legacy_id
        else p.id::text end as target_id
from profile p join users u on u.id = pg_temp.as_uuid(p.user_id);
delete from candidate where target_status is null;

create temp table placed as
select *, row_number() over (
    partition by owner, role order by coalesce(updated_at, created_at, now()) desc, legacy_id desc) as place
from candidate;

create temp table root as
select target_id as id, owner as user_id, role, display_name, bio, location, target_status as status,
    rejection_reason, approved_at, coalesce(created_at, updated_at) as created_at,
    coalesce(updated_at, created_at) as updated_at
from placed where place = 1;

-- Where each professional went: `why` is merged, created or the reason of its rejection.
create temp table professional as
select p.id, p.user_id, pg_temp.meaning('role', p.profession) as role, p.display_name, p.bio, p.location, p.status,
    p.approved_at at time zone 'UTC' as approved_at, p.created_at at time zone 'UTC' as created_at,
    p.updated_at at time zone 'UTC' as updated_at, null::text as root_id, null::text as why
from professionals p;

update professional p set root_id = r.id, why = 'merged'
from root r where r.user_id = p.user_id and r.role = p.role;

update professional p set why = 'parent_rejected'
where why is null and exists (select from profile f where f.role = p.role and pg_temp.as_uuid(f.user_id) = p.user_id);

update professional p set why = 'orphan_user'
where why is null and role is not null and not exists (select from users u where u.id = p.user_id);

update professional p set why = 'unknown_status'
where why is null and role is not null and trim(coalesce(status, '')) <> ''
    and pg_temp.meaning('status', status) is null
    and not exists (select from professional q where q.user_id = p.user_id and q.role = p.role and q.why is null
        and (q.updated_at, q.id) > (p.updated_at, p.id)
        and (trim(coalesce(q.status, '')) = '' or pg_temp.meaning('status', q.status) is not null));

create temp table creator as
select distinct on (user_id, role) * from professional where why is null and role is not null
order by user_id, role, coalesce(updated_at, created_at, now()) desc, id desc;

update professional p set why = case when c.id = p.id then 'created' else 'merged' end,
    root_id = case when exists (select from placed f where f.target_id = c.id::text)
        then 'derived:professionals:' || c.id else c.id::text end
from creator c where p.why is null and c.user_id = p.user_id and c.role = p.role;

insert into root
select root_id, user_id, role, display_name, bio, location,
    case when trim(coalesce(status, '')) = '' then 'DRAFT' else pg_temp.meaning('status', status) end, null,
    approved_at, coalesce(created_at, updated_at), coalesce(updated_at, created_at)
from professional where why = 'created';

-- Without a usable role: the only professional-role profile, created ones included.
update professional p set root_id = o.root_id, why = o.why
from (
    select q.id, case when count(r.id) = 1 then min(r.id) end as root_id,
        case count(r.id) when 0 then 'unresolvable_professional' when 1 then 'merged'
            else 'ambiguous_professional' end as why
    from professional q left join root r
        on r.user_id = q.user_id and r.role not in ('company', 'customer', 'job_seeker')
    where q.role is null group by q.id
) o where o.id = p.id;

-- Which root an id means that stands where a professional's belongs, and the only professional-role root of a user.
create temp table owner_of_professional as
select id, root_id from professional;
insert into owner_of_professional
select distinct on (c.id) c.id, stays.target_id
from placed c
join placed stays on stays.owner = c.owner and stays.role = c.role and stays.place = 1
where c.id not in (select id from professional)
order by c.id, c.rank;

create temp table owner_of_user as
select user_id, min(id) as root_id from root
where role not in ('company', 'customer', 'job_seeker') group by user_id having count(*) = 1;

-- Payments that make an order. A currency that is not given is left out of the comparison; which of two coupons
-- used at one instant comes first is open.
create temp table ordered as
select p.id, p.user_id, p.amount, p.package_id, p.provider, p.provider_payment_id, p.created_at,
    pg_temp.meaning('order', p.status) as status,
    coalesce((select sum(i.tax_amount) from invoices i where i.payment_id = p.id), 0) as tax_amount,
    coalesce((select sum(c.discount_amount) from coupon_uses c where c.payment_id = p.id), 0) as discount_amount,
    (select case when min(c.coupon_id) = max(c.coupon_id) then min(c.coupon_id)::text else '*' end
        from (select * from coupon_uses c where c.payment_id = p.id order by c.used_at fetch first row with ties) c)
        as coupon_id
from payments p join users u on u.id = p.user_id
where pg_temp.meaning('order', p.status) is not null and p.currency ~ '^[A-Za-z]{3}$'
    and p.amount <> 'NaN' and p.amount = round(p.amount, 2) and abs(p.amount) < 1e12;

-- Millions of rows are looked up in these.
create index on owner_of_professional (id);
create index on owner_of_user (user_id);
analyze owner_of_professional, owner_of_user, root, ordered, professional;
