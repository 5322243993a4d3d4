-- As many roots of each role and status as legacy rows that stay. The key is the role and the status.
-- table: user_role_profiles
-- source
select x.role || ' ' || x.status as key, count(*) as number
from (
    select p.role, case when coalesce(p.status, '') !~ '\S' then 'DRAFT' else p.status_meaning end as status
    from profile p where p.rejected is null
    union all
    select f.role_key, case when coalesce(f.status, '') !~ '\S' then 'DRAFT' else f.status_meaning end
    from professionals f join professional c on c.key = f.key and c.outcome = 'created' and c.rejected is null
) as x
group by x.role, x.status
-- target
select r.role || ' ' || r.status as key, count(*) as number from user_role_profiles r group by r.role, r.status
