-- Every new id is the UUIDv5 of the legacy table's name and the legacy id.
-- table: id_map
-- derived
select m.legacy_table || ':' || m.legacy_id as key, m.target_id as id,
    case m.legacy_table when 'onboarding_states' then 'verification_requests:' else '' end
    || m.legacy_table || ':' || m.legacy_id as name
from id_map m
where m.why = 'derived'
    or (m.why = 'created' and replace(m.target_id, '-', '') <> translate(lower(m.legacy_id collate "C"), '{}-', ''))
