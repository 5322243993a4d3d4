-- A request or a document has a new id only where its own is no UUID, or where a submission holds a verification's id
-- too; what was never submitted always has one. The key is the legacy table and id.
-- table: id_map
-- source
select distinct 'onboarding_submissions ' || s.raw_id as key, 'verification_requests' as target_table, 'derived' as why
from onboarding_submissions s
where s.rejected is null and not s.is_uuid
union all
select distinct 'verifications ' || v.raw_id, 'verification_requests', 'derived'
from verifications v
left join onboarding_submissions s on s.legacy_id = v.legacy_id
where v.rejected is null
    and (s.key is not null or not v.is_uuid)
union all
select distinct 'submission_documents ' || d.raw_id, 'verification_documents', 'derived'
from submission_documents d
where d.rejected is null and not d.is_uuid
union all
select distinct 'onboarding_states ' || coalesce(t.raw_id, t.key), 'verification_requests', 'derived'
from draft t where t.rejected is null
-- target
select distinct m.legacy_table || ' ' || m.legacy_id as key, m.target_table, m.why
from id_map m
where m.legacy_table in ('onboarding_submissions', 'verifications', 'submission_documents', 'onboarding_states')
