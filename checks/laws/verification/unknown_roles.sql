-- A request whose role is none of ours keeps none, and a note holds what was said. The key is the legacy table and key.
-- table: verification_requests
-- source
select 'onboarding_submissions ' || s.key as key, s.role as legacy_value, 'role' as target_column
from onboarding_submissions s where s.rejected is null and s.role_key is null and s.role ~ '\S'
union all
select 'verifications ' || v.key, v.role, 'role'
from verifications v where v.rejected is null and v.role_key is null and v.role ~ '\S'
union all
select 'onboarding_states ' || d.key, d.role, 'role'
from draft d where d.rejected is null and d.role_key is null and d.role ~ '\S'
-- target
select n.legacy_table || ' ' || n.legacy_key as key, n.legacy_value, n.target_column
from notes n
where n.note = 'unknown_role' and n.target_table = 'verification_requests'
