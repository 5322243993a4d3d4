select (pg_get_expr(adbin, adrelid) like '%gen_random_uuid()%')::text from pg_attrdef join pg_attribute on attrelid = adrelid and attnum = adnum where adrelid = 'users'::regclass and attname = 'id';
select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'users'::regclass and attname = 'id';
