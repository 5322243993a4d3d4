select string_agg(attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull, ', ' order by attname) from pg_attribute where attrelid = 'user_settings'::regclass and attname in ('user_id', 'preferences');
select confrelid::regclass::text from pg_constraint where conrelid = 'user_settings'::regclass and contype = 'f';
