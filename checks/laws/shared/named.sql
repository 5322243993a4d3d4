-- What an id may name that stands where a professional's id does, and the root that it leads to: null where what it
-- names was rejected. A professional goes before a profile; among these a root before what has left its id. An id that
-- leads to several roots names nothing.
with professionals_named as (
    select f.legacy_id as name, min(f.root_id) filter (where f.rejected is null) as root_id,
        count(distinct f.root_id) filter (where f.rejected is null) as roots
    from professional f where f.legacy_id is not null group by f.legacy_id
), profiles_named as (
    select p.legacy_id as name, min(s.id) as root_id, count(distinct s.id) as roots
    from profile p
    left join profile s on s.rejected is null and s.role = p.role and s.user_id = p.user_id
        and (s.legacy_id = p.legacy_id or p.rejected = 'duplicate_profile')
    where p.legacy_id is not null group by p.legacy_id
), roots_named as (
    select r.id as name, min(r.id) as root_id from root r group by r.id
)
select f.name, f.root_id from professionals_named f where f.roots < 2
union all
select coalesce(r.name, p.name), coalesce(r.root_id, p.root_id)
from roots_named r
full join (select * from profiles_named p where p.roots < 2) as p on p.name = r.name
left join professionals_named f on f.name = coalesce(r.name, p.name) and f.roots < 2
where f.name is null
