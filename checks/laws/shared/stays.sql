-- Where references to a profile or a professional lead: to itself, to the profile that superseded it, or nowhere.
select p.legacy_table, p.legacy_id, coalesce(case when p.rejected is null then p.id end, s.id) as id
from profile p
left join profile s on p.rejected = 'duplicate_profile' and s.role = p.role and s.user_id = p.user_id
    and s.rejected is null
union all
select 'professionals', f.legacy_id, case when f.rejected is null then f.root_id end from professional f
