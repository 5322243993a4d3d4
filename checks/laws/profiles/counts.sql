-- As many roots of each role and status as profiles that stay; those that professionals created aside. The key is the
-- role and the status.
-- table: user_role_profiles
-- source
select x.role || ' ' || x.status as key, count(*) as number
from (
    select p.role, case when coalesce(p.status, '') !~ '\S' then 'DRAFT' else p.status_meaning end as status
    from profile p where p.rejected is null
) as x
group by x.role, x.status
-- target
select r.role || ' ' || r.status as key, count(*) as number
from user_role_profiles r
left join id_map m on m.legacy_table = 'professionals' and m.why = 'created' and m.target_id = concat(r.id)
where m.why is null
group by r.role, r.status
