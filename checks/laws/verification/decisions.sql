-- Every submission that reached review (any status but draft and cancelled) has one approval request, which tells what
-- was decided, by whom and when; where its user has no profile of its role there is a note instead. The key is the
-- verification request's.
-- table: approval_requests
-- source
with reviewed as (
    select s.key, s.id, r.id as profile_id, s.status_meaning, s.reviewed_by, s.reviewed_at, s.rejection_reason,
        s.created_at, s.updated_at
    from onboarding_submissions s left join root r on r.role = s.role_key and r.user_id = s.user_id
    where s.rejected is null and s.status_meaning not in ('DRAFT', 'CANCELLED')
)
select d.id as key, d.profile_id as user_role_profile_id, d.status_meaning as status, d.reviewed_by as decided_by,
    d.reviewed_at as decided_at, d.rejection_reason, d.created_at, d.updated_at, null as note
from reviewed d where d.profile_id is not null
union all
select 'note on ' || d.key, null, null, null, null, null, null, null, 'user_role_profile_id'
from reviewed d where d.profile_id is null
-- target
select concat(coalesce(a.verification_request_id, a.id)) as key, a.user_role_profile_id, a.status,
    a.decided_by, a.decided_at, a.rejection_reason, a.created_at, a.updated_at, null as note
from approval_requests a
union all
select 'note on ' || n.legacy_key, null, null, null, null, null, null, null, n.target_column
from notes n
where n.legacy_table = 'onboarding_submissions' and n.target_table = 'approval_requests'
    and n.note = 'no_profile_for_approval'
