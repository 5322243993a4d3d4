select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'photographer_profiles'::regclass and attname = 'hourly_rate';
select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'user_role_profiles'::regclass and attname = 'user_id';
select confrelid::regclass::text from pg_constraint where conrelid = 'photographer_profiles'::regclass and contype = 'f';
