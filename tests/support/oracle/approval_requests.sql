-- One approval per submission that reached review and whose user has a profile of its role.
select 'derived:approval_requests:onboarding_submissions:' || s.id as id, r.id as user_role_profile_id,
    s.id as verification_request_id, pg_temp.meaning('status', s.status) as status, s.reviewed_by as decided_by,
        s.reviewed_at at time zone 'UTC' as decided_at
from onboarding_submissions s join root r on r.user_id = s.user_id and r.role = pg_temp.meaning('role', s.role_key)
where pg_temp.meaning('status', s.status) not in ('DRAFT', 'CANCELLED');
-- target
select id, user_role_profile_id, verification_request_id, status, decided_by, decided_at from approval_requests;
