-- The onboarding states that become drafts: neither complete nor submitted. A state is submitted if its user has a
-- submission for its role; one that names no role, if its user has any. Roles that are none of ours are told apart by
-- their spelling.
with submitted as (
    select distinct s.user_id,
        case when s.role ~ '\S' then
            coalesce(s.role_key, nullif(regexp_replace(lower(s.role collate "C"), '[^a-z0-9]', '', 'g'), ''), s.role)
        end as word
    from onboarding_submissions s where s.user_id is not null
), state as (
    select t.*,
        case when t.role ~ '\S' then
            coalesce(t.role_key, nullif(regexp_replace(lower(t.role collate "C"), '[^a-z0-9]', '', 'g'), ''), t.role)
        end as word
    from onboarding_states t
)
select t.*
from state t
left join submitted s on s.user_id = t.user_id and s.word = t.word
left join (select distinct user_id from submitted) as o on o.user_id = t.user_id and t.word is null
where s.user_id is null and o.user_id is null
    and t.completed_at ~ '\S' is not true
    and regexp_replace(lower(t.completed collate "C"), '[^a-z0-9]', '', 'g') in ('true', 't', 'yes', 'y', 'on', '1') is not true
    and regexp_replace(lower(t.is_completed collate "C"), '[^a-z0-9]', '', 'g') in ('true', 't', 'yes', 'y', 'on', '1') is not true
    and regexp_replace(lower(t.is_complete collate "C"), '[^a-z0-9]', '', 'g') in ('true', 't', 'yes', 'y', 'on', '1') is not true
    and (t.status_meaning = 'APPROVED'
        or regexp_replace(lower(t.status collate "C"), '[^a-z0-9]', '', 'g') in ('complete', 'done', 'finished')) is not true
