-- The profiles that are not to be found under their own ids, by these, and the roots that they lead to: null where they
-- were rejected and nothing superseded them. An id that leads to several roots names none.
with doubled as (
    select p.role, p.user_id from profile_key p where p.rejected = 'duplicate_profile'
), stays as (
    select s.role, s.user_id, s.id from profile_key s
    where s.rejected is null and (s.role, s.user_id) in (select d.role, d.user_id from doubled d)
)
select p.legacy_id as name, min(coalesce(s.id, case when p.rejected is null then p.id end)) as root_id
from profile_key p
left join stays s on p.rejected = 'duplicate_profile' and s.role = p.role and s.user_id = p.user_id
where (p.rejected is not null or p.id <> p.legacy_id) and p.legacy_id is not null
group by p.legacy_id
having coalesce(min(coalesce(s.id, case when p.rejected is null then p.id end))
    = max(coalesce(s.id, case when p.rejected is null then p.id end)), true)
