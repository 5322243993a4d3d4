-- No user has two profiles of one role. The key is the user and the role.
-- table: user_role_profiles
-- holds
select concat(r.user_id, ' ', r.role) as key, count(*) = 1 as holds
from user_role_profiles r group by r.user_id, r.role
