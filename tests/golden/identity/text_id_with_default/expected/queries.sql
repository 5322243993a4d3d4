select (pg_get_expr(adbin, adrelid) like '%gen_random_uuid()%')::text from pg_attrdef where adrelid = 'users'::regclass;
select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'users'::regclass and attname = 'id';
