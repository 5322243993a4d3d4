-- The owner of each row that has one; the others are rejected.
select p.id, o.root_id as user_role_profile_id
from services p join lateral (
    select root_id from owner_of_professional where id = p.professional_id
    union all
    select root_id from owner_of_user where p.professional_id is null and user_id = p.user_id
) o on o.root_id is not null;
-- target
select id, user_role_profile_id from services;
