-- Each professional goes where the rules send it: it creates a root, is merged into one, or is rejected for a reason.
-- What it creates has its own id, unless that is no UUID or a profile holds it. Rows that a constraint refused are left
-- out; another check holds them to that constraint.
-- table: professionals
-- source
with taken as (
    select p.id, bool_or(p.rejected is null) as by_root from profile_key p
    where p.id in (select f.legacy_id from professional f where f.outcome = 'created') group by p.id
)
select case when f.outcome in ('created', 'merged') then f.raw_id else f.key end as key, f.outcome, f.root_id,
    'user_role_profiles' as target_table,
    case when f.outcome = 'created' then f.legacy_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        and not coalesce(t.by_root or f.root_id <> t.id, false) end as has_own_id
from professional f left join taken t on t.id = f.legacy_id and f.outcome = 'created'
where f.rejected is null or f.rejected in ('missing_id', 'parent_rejected', 'unknown_status', 'ambiguous_professional',
    'unresolvable_professional')
-- target
select m.legacy_id as key, m.why as outcome, m.target_id as root_id, m.target_table,
    case when m.why = 'created' then replace(m.target_id, '-', '') = translate(lower(m.legacy_id collate "C"), '{}-', '') end
        as has_own_id
from id_map m where m.legacy_table = 'professionals'
union all
select x.legacy_key, x.reason, null, x.target_table, null from rejects x
where x.legacy_table = 'professionals' and x.reason in ('missing_id', 'parent_rejected', 'unknown_status',
    'ambiguous_professional', 'unresolvable_professional')
