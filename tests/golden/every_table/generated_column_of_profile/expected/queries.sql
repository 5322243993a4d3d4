select string_agg(attname || ' ' || attgenerated::text, ', ' order by attname) from pg_attribute where attrelid in ('tutor_profiles'::regclass, 'user_role_profiles'::regclass) and attname in ('earnings', 'label', 'many');
select pg_get_indexdef('tutor_profiles_earnings_idx'::regclass);
