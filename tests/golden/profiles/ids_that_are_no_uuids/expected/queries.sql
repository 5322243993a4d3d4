select string_agg(format_type(atttypid, atttypmod), ',' order by attnum) from pg_attribute where attrelid = 'commits'::regclass and attnum between 1 and 3;
