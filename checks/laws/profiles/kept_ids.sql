-- A profile has a new id only where its own is no UUID, or where a profile table that comes earlier holds it too; a
-- root that a professional creates, only where its id is no UUID, or where a profile holds it. The key is the legacy
-- table and id.
-- table: id_map
-- source
with claimed as (select p.legacy_id, min(p.rank) as rank from profile p group by p.legacy_id)
select p.legacy_table || ' ' || p.raw_id as key, 'derived' as why, 'user_role_profiles' as target_table,
    p.id as target_id
from profile p join claimed c on c.legacy_id = p.legacy_id
where p.rejected is null and (c.rank < p.rank or p.legacy_id !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
union all
select 'professionals ' || f.raw_id, 'created', 'user_role_profiles', f.root_id
from professional f
left join (select p.id, bool_or(p.rejected is null) as stays from profile p group by p.id) as p on p.id = f.legacy_id
where f.outcome = 'created' and f.rejected is null and (
    f.legacy_id !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' or p.stays
    or (p.id is not null and f.root_id <> f.legacy_id))
-- target
select m.legacy_table || ' ' || m.legacy_id as key, m.why, m.target_table, m.target_id from id_map m
where m.legacy_table like '%\_profiles'
    or (m.legacy_table = 'professionals' and m.why = 'created'
        and m.target_id <> regexp_replace(translate(lower(m.legacy_id), '{}-', ''),
            '^(.{8})(.{4})(.{4})(.{4})(.{12})$', '\1-\2-\3-\4-\5'))
