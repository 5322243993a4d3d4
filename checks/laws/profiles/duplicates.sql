-- A profile is rejected as a duplicate only where another of its role and user stays that was updated later, or at the
-- same instant and has the higher id. The key is the legacy table and key.
-- table: user_role_profiles
-- source
select p.legacy_table || ' ' || p.key as key,
    coalesce((timestamptz_in(textout(s.updated_at), 0, -1), s.number, s.legacy_id collate "C")
        > (timestamptz_in(textout(p.updated_at), 0, -1), p.number, p.legacy_id collate "C"), false) as has_later
from (
    select f.*,
        case when f.raw_id ~ '^-?[0-9]+$' then numeric_in(textout(f.raw_id), 0, -1) else '-Infinity' end as number
    from profile f where f.rejected = 'duplicate_profile'
) as p
left join (
    select f.*,
        case when f.raw_id ~ '^-?[0-9]+$' then numeric_in(textout(f.raw_id), 0, -1) else '-Infinity' end as number
    from profile f where f.rejected is null
) as s on s.role = p.role and s.user_id = p.user_id
-- target
select x.legacy_table || ' ' || x.legacy_key as key, true as has_later from rejects x
where x.reason = 'duplicate_profile'
