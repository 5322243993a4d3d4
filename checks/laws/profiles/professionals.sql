-- Each professional goes where the rules send it: it creates a root, is merged into one, or is rejected for a reason.
-- Rows that a constraint refused are left out; another check holds them to that constraint.
-- table: professionals
-- source
select case when f.outcome in ('created', 'merged') then f.raw_id else f.key end as key, f.outcome, f.root_id,
    'user_role_profiles' as target_table
from professional f
where f.rejected is null or f.rejected in ('missing_id', 'parent_rejected', 'unknown_status', 'ambiguous_professional',
    'unresolvable_professional')
-- target
select m.legacy_id as key, m.why as outcome, m.target_id as root_id, m.target_table
from id_map m where m.legacy_table = 'professionals'
union all
select x.legacy_key, x.reason, null, x.target_table from rejects x
where x.legacy_table = 'professionals' and x.reason in ('missing_id', 'parent_rejected', 'unknown_status',
    'ambiguous_professional', 'unresolvable_professional')
