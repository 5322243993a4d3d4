-- One row for each lead and owner; where several coincide, which of them stays is open.
select distinct case when count(*) over (partition by p.requirement_id, o.root_id) > 1 then '*' else p.id::text end as
    id,
    p.requirement_id as lead_id, o.root_id as user_role_profile_id
from lead_requests p join requirements r on r.id = p.requirement_id
join lateral (
    select root_id from owner_of_professional where id = p.professional_id
    union all
    select root_id from owner_of_user where p.professional_id is null and user_id = p.user_id
) o on o.root_id is not null;
-- target
select id, lead_id, user_role_profile_id from lead_requests;
