select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'user_role_profiles'::regclass and attname = 'role_id';
