-- A submission or a verification is rejected for its status exactly where that is none of the known spellings, or
-- missing; a document, where it has one and that is unknown. The key is the legacy table and key.
-- table: verification_requests
-- source
select 'onboarding_submissions ' || s.key as key, 'verification_requests' as target_table
from onboarding_submissions s where s.status_meaning is null
union all
select 'verifications ' || v.key, 'verification_requests' from verifications v where v.status_meaning is null
union all
select 'submission_documents ' || d.key, 'verification_documents'
from submission_documents d where d.status ~ '\S' and d.status_meaning is null
-- target
select x.legacy_table || ' ' || x.legacy_key as key, x.target_table
from rejects x
where x.reason = 'unknown_status'
    and x.legacy_table in ('onboarding_submissions', 'verifications', 'submission_documents', 'onboarding_states')
