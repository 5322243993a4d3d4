select attnotnull::text from pg_attribute where attrelid = 'tutor_profiles'::regclass and attname = 'subject';
