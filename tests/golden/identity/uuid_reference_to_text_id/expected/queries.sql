select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'notifications'::regclass and attname = 'user_id';
