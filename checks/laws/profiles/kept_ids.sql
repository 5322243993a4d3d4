-- A profile has a new id only where its own is no UUID, or where a profile table that comes earlier holds it too. The
-- key is the legacy table and id.
-- table: id_map
-- source
with doubled as (
    select p.legacy_id, min(p.rank) as rank from profile_key p group by p.legacy_id having min(p.rank) < max(p.rank)
)
select p.legacy_table || ' ' || p.raw_id as key, 'derived' as why, 'user_role_profiles' as target_table,
    p.id as target_id
from profile_key p left join doubled d on d.legacy_id = p.legacy_id
where p.rejected is null and (d.rank < p.rank or not p.is_uuid)
-- target
select m.legacy_table || ' ' || m.legacy_id as key, m.why, m.target_table, m.target_id from id_map m
where m.legacy_table like '%\_profiles'
