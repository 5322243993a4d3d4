-- A profile is rejected for its status exactly where that is neither blank nor one of the known spellings. The key is
-- the legacy table and key.
-- table: user_role_profiles
-- source
select p.legacy_table || ' ' || p.key as key from profile p where p.status ~ '\S' and p.status_meaning is null
-- target
select x.legacy_table || ' ' || x.legacy_key as key from rejects x
where x.reason = 'unknown_status' and x.legacy_table like '%\_profiles'
