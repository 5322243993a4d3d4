-- A profile is rejected as a duplicate only where another of its role and user stays that was updated later, or at the
-- same instant and has the higher id. The key is the legacy table and key.
-- table: user_role_profiles
-- source
with doubled as (
    select p.legacy_table || ' ' || p.key as key, p.role, p.user_id, p.updated_at, p.raw_id, p.legacy_id
    from profile p where p.rejected = 'duplicate_profile'
), stays as (
    select s.role, s.user_id, s.updated_at, s.raw_id, s.legacy_id
    from profile s where s.rejected is null and (s.role, s.user_id) in (select d.role, d.user_id from doubled d)
)
select p.key,
    coalesce((timestamptz_in(textout(s.updated_at), 0, -1),
            case when s.raw_id ~ '^-?[0-9]+$' then numeric_in(textout(s.raw_id), 0, -1) else '-Infinity' end,
            s.legacy_id collate "C")
        > (timestamptz_in(textout(p.updated_at), 0, -1),
            case when p.raw_id ~ '^-?[0-9]+$' then numeric_in(textout(p.raw_id), 0, -1) else '-Infinity' end,
            p.legacy_id collate "C"), false) as has_later
from doubled p left join stays s on s.role = p.role and s.user_id = p.user_id
-- target
select x.legacy_table || ' ' || x.legacy_key as key, true as has_later from rejects x
where x.reason = 'duplicate_profile'
