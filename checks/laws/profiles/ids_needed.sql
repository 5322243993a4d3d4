-- A new id stands in the books only for a row that was not rejected, and only where the legacy id is no UUID; tables
-- of whose ids another row may be the owner have a check of their own. The key is the legacy table and id.
-- table: id_map
-- holds
select m.legacy_table || ' ' || m.legacy_id as key,
    x.legacy_key is null and (
        m.why <> 'derived' or m.legacy_table like '%\_profiles'
        or m.legacy_table in ('verifications', 'onboarding_states', 'activity_logs')
        or m.legacy_id !~* '^([0-9a-f]{4}(-?[0-9a-f]{4}){7}|[{][0-9a-f]{4}(-?[0-9a-f]{4}){7}[}])$') as holds
from id_map m left join rejects x on x.legacy_table = m.legacy_table and x.legacy_key = m.legacy_id
