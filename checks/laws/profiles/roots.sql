-- Every profile that stays is one root under its own id, with its role and the columns that all roles have; so is
-- every professional that creates one. role_id is the row of roles that names the role.
-- table: user_role_profiles
-- source
select p.id as key, p.user_id, p.role,
    case when 'user_role_profiles.role_id' = any (p.nulled) then null else r.id end as role_id,
    p.display_name, p.bio, p.location,
    case when coalesce(p.status, '') !~ '\S' then 'DRAFT' else p.status_meaning end as status,
    p.rejection_reason, p.approved_at, p.created_at, p.updated_at
from profile p left join role_row r on r.role_key = p.role
where p.rejected is null
union all
select f.id, f.user_id, f.role_key,
    case when 'user_role_profiles.role_id' = any (f.nulled) then null else r.id end,
    f.display_name, f.bio, f.location,
    case when coalesce(f.status, '') !~ '\S' then 'DRAFT' else f.status_meaning end,
    f.rejection_reason, f.approved_at, f.created_at, f.updated_at
from professionals f
join professional c on c.key = f.key and c.outcome = 'created' and c.rejected is null
left join role_row r on r.role_key = f.role_key
-- target
select concat(r.id) as key, r.user_id, r.role, r.role_id, r.display_name, r.bio, r.location, r.status,
    r.rejection_reason, r.approved_at, r.created_at, r.updated_at
from user_role_profiles r
