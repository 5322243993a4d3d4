-- Every root has one extension row, under its own id, in the table of its role and in no other, with the root's times;
-- and there is no extension row without a root. (The roots themselves are compared with the legacy rows.) The key names
-- the table in which the extension should be.
-- table: user_role_profiles
-- holds
select concat(coalesce(r.role, e.role), '_profiles ', coalesce(r.id, e.id)) as key,
    (e.id, e.role, e.user_role_profile_id, e.created_at, e.updated_at)
        is not distinct from (r.id, r.role, r.id, r.created_at, r.updated_at) as holds
from user_role_profiles r
full join extension as e on e.id = r.id
