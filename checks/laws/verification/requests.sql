-- Every submission, every verification and every onboarding that was begun and never submitted is one request: of its
-- user, for the profile of its role if there is one, with its status, its form and its review. A submission that is
-- rejected makes none.
-- table: verification_requests
-- source
with given as (
    select s.id, s.user_id, s.role_key, 'onboarding' as request_type, s.status_meaning as status,
        coalesce(s.payload, '{}') as payload, s.submitted_at, s.reviewed_at, s.reviewed_by, s.rejection_reason,
        s.created_at, s.updated_at
    from onboarding_submissions s where s.rejected is null
    union all
    select v.id, v.user_id, v.role_key, v.type, v.status_meaning, coalesce(v.payload, '{}'), v.submitted_at,
        v.verified_at, v.verified_by, v.rejection_reason, v.created_at, v.updated_at
    from verifications v where v.rejected is null
    union all
    select d.id, d.user_id, d.role_key, 'onboarding', 'DRAFT',
        d.payload, null, null, null, null,
        d.created_at, d.updated_at
    from draft d where d.rejected is null
)
select g.id as key, g.user_id, r.id as user_role_profile_id, g.role_key as role, g.request_type, g.status, g.payload,
    g.submitted_at, g.reviewed_at, g.reviewed_by, g.rejection_reason, g.created_at, g.updated_at
from given g left join root r on r.role = g.role_key and r.user_id = g.user_id
-- target
select concat(r.id) as key, r.user_id, r.user_role_profile_id, r.role, r.request_type, r.status,
    r.payload, r.submitted_at, r.reviewed_at, r.reviewed_by, r.rejection_reason,
    r.created_at, r.updated_at
from verification_requests r
