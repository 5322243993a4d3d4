-- What becomes of each professional by the rules: created or merged, with the root that it leads to, or the reason why
-- it is rejected. Rules: the profile of its role and user; else the last updated of each role and user creates one;
-- without a usable role the only professional-role profile of its user.
with held as materialized (
    select p.role, p.user_id, p.id, p.rejected from profile p
), known as (
    select f.key, f.raw_id, f.legacy_id, f.id, f.user_id, f.role_key, f.rejected, f.updated_at, p.id as profile_id,
        l.user_id is not null as has_lost,
        f.status_meaning is not null or coalesce(f.status, '') !~ '\S' as is_able
    from professionals f
    left join held p on p.role = f.role_key and p.user_id = f.user_id and p.rejected is null
    left join (select distinct role, user_id from held where rejected is not null) as l
        on l.role = f.role_key and l.user_id = f.user_id
), ranked as (
    select key, count(*) filter (where is_able) over latest as able, is_able
    from known
    where role_key is not null and profile_id is null and not has_lost and legacy_id is not null
    window latest as (
        partition by role_key, user_id, case when user_id is null then key end
        order by timestamptz_in(textout(updated_at), 0, -1) desc,
            case when legacy_id ~ '^-?[0-9]{1,19}$' then numeric_in(textout(legacy_id), 0, -1) end desc nulls first,
            legacy_id collate "C" desc, key collate "C" desc
    )
), made as (
    select k.role_key as role, k.user_id, k.id, k.key, k.rejected
    from known k join ranked r on r.key = k.key and r.is_able and r.able = 1
), practised as (
    select user_id, min(id) as id, min(id) < max(id) as has_several
    from (
        select user_id, id from held
        where rejected is null and role in (select role from professional_role)
        union all
        select user_id, id from made where role in (select role from professional_role)
    ) as roots
    where user_id in (select k.user_id from known k where k.role_key is null)
    group by user_id
), resolved as (
    select k.key, k.raw_id, k.legacy_id, k.user_id, k.role_key, k.rejected,
        coalesce(k.profile_id, m.id, case when not o.has_several then o.id end) as root_id,
        case
            when k.legacy_id is null then 'missing_id'
            when k.has_lost and k.profile_id is null then 'parent_rejected'
            when r.able = 0 then 'unknown_status'
            when m.key = k.key then 'created'
            when k.profile_id is not null or m.id is not null or not o.has_several then 'merged'
            when o.has_several then 'ambiguous_professional'
            else 'unresolvable_professional'
        end as outcome
    from known k
    left join ranked r on r.key = k.key
    left join made m on m.role = k.role_key and m.user_id is not distinct from k.user_id and k.profile_id is null
        and (m.user_id is not null or m.key = k.key)
    left join practised o on o.user_id = k.user_id and k.role_key is null
)
-- what a merged row was merged into may itself have been rejected since
select r.key, r.raw_id, r.legacy_id, r.user_id, r.role_key, r.rejected,
    case when r.outcome = 'merged' and x.rejected is not null then 'parent_rejected' else r.outcome end as outcome,
    case when r.outcome in ('created', 'merged') and x.rejected is null then r.root_id end as root_id
from resolved r
left join made x on x.id = r.root_id and r.outcome = 'merged'
