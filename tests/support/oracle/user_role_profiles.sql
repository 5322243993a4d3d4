-- Every profile that stays, and every root that a professional created.
select id, user_id, r.role, (select min(k.id) from roles k where pg_temp.meaning('role', k.key) = r.role) as role_id,
    display_name, bio, location, status, rejection_reason, approved_at,
    coalesce(created_at::text, '*') as created_at, coalesce(updated_at::text, '*') as updated_at
from root r;
-- target
select id, user_id, role, role_id, display_name, bio, location, status, rejection_reason, approved_at, created_at,
    updated_at
from user_role_profiles;
