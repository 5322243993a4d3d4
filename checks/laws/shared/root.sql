-- Every root that stays: the profiles that were not rejected, and what professionals created.
select p.role, p.user_id, p.id, p.legacy_table, p.key from profile_key p where p.rejected is null
union all
select f.role_key, f.user_id, f.root_id, 'professionals', f.key
from professional f where f.outcome = 'created' and f.rejected is null
