select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attname) from pg_attribute where attrelid = 'verification_requests'::regclass and attname like 'priority%';
