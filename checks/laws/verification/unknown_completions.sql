-- A draft whose state has a completion that says neither yes nor no is noted, with what it said. The key is the legacy
-- key and the column.
-- table: verification_requests
-- needs: onboarding_states
-- source
select d.key || ' ' || c.name as key, c.said as legacy_value
from draft d
cross join lateral (
    values ('completed', d.completed), ('is_completed', d.is_completed), ('is_complete', d.is_complete)
) as c (name, said)
where d.rejected is null and c.said ~ '\S'
    and regexp_replace(lower(c.said collate "C"), '[^a-z0-9]', '', 'g')
        not in ('true', 't', 'yes', 'y', 'on', '1', 'false', 'f', 'no', 'n', 'off', '0')
-- target
select n.legacy_key || ' ' || replace(n.note, 'unknown_completion: ', '') as key, n.legacy_value
from notes n
where n.note like 'unknown\_completion: %' and n.target_table = 'verification_requests'
