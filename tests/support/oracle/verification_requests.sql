-- One request per submission, per state that never led to one, and per verification.
select s.id::text, s.user_id::text, r.id as user_role_profile_id, pg_temp.meaning('role', s.role_key) as role,
    'onboarding' as request_type, pg_temp.meaning('status', s.status) as status,
    coalesce(s.form_data, '{}')::text as payload, (s.submitted_at at time zone 'UTC')::text as submitted_at,
    (s.reviewed_at at time zone 'UTC')::text as reviewed_at, s.reviewed_by::text, s.rejection_reason,
    coalesce((coalesce(s.created_at, s.submitted_at, s.updated_at) at time zone 'UTC')::text, '*') as created_at,
    coalesce((coalesce(s.updated_at, s.created_at, s.submitted_at) at time zone 'UTC')::text, '*') as updated_at
from onboarding_submissions s join users u on u.id = s.user_id
left join root r on r.user_id = s.user_id and r.role = pg_temp.meaning('role', s.role_key)
where pg_temp.meaning('status', s.status) is not null
union all
select '*', t.user_id::text, r.id, pg_temp.meaning('role', t.role_key), 'onboarding', 'DRAFT', '*', null, null,
    null, null, coalesce((coalesce(t.created_at, t.updated_at) at time zone 'UTC')::text, '*'),
    coalesce((coalesce(t.updated_at, t.created_at) at time zone 'UTC')::text, '*')
from onboarding_states t join users u on u.id = t.user_id
left join root r on r.user_id = t.user_id and r.role = pg_temp.meaning('role', t.role_key)
where t.is_completed is not true and t.completed_at is null
    and coalesce(pg_temp.meaning('status', t.status), '') <> 'APPROVED'
    and not exists (
        select from onboarding_submissions s where s.user_id = t.user_id
            and coalesce(pg_temp.meaning('role', s.role_key), s.role_key)
                = coalesce(pg_temp.meaning('role', t.role_key), t.role_key))
union all
select
    case when exists (select from onboarding_submissions s where s.id = v.id) then 'derived:verifications:' || v.id
        else v.id::text end,
    u.id::text, null, null, v.verification_type, pg_temp.meaning('status', v.status), '{}', null, v.verified_at::text,
    v.verified_by::text, v.rejection_reason, coalesce(coalesce(v.created_at, v.updated_at)::text, '*'),
    coalesce(coalesce(v.updated_at, v.created_at)::text, '*')
from verifications v join users u on u.id = pg_temp.as_uuid(v.user_id)
where pg_temp.meaning('status', v.status) is not null;
-- target
select id, user_id, user_role_profile_id, role, request_type, status, payload, submitted_at, reviewed_at, reviewed_by,
    rejection_reason, created_at, updated_at
from verification_requests;
