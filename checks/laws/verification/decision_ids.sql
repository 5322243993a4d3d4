-- The id of a decision derives from the submission's own id. The key is the verification request's.
-- table: approval_requests
-- source
select s.id as key, 'approval_requests:onboarding_submissions:' || s.raw_id as name
from onboarding_submissions s
where s.rejected is null and s.status_meaning not in ('DRAFT', 'CANCELLED')
-- derived
select concat(coalesce(a.verification_request_id, a.id)) as key, concat(a.id) as id from approval_requests a
