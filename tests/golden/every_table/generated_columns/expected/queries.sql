select attgenerated::text from pg_attribute where attrelid = 'users'::regclass and attname = 'full_name';
select attgenerated::text from pg_attribute where attrelid = 'leads'::regclass and attname = 'total';
