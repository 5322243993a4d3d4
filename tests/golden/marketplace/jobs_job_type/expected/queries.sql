select format_type(atttypid, atttypmod) || ' ' || attnotnull from pg_attribute where attrelid = 'jobs'::regclass and attname = 'employment_type';
select pg_get_expr(adbin, adrelid) from pg_attrdef join pg_attribute on attrelid = adrelid and attnum = adnum where adrelid = 'jobs'::regclass and attname = 'employment_type';
select count(*)::text from pg_constraint where conrelid = 'jobs'::regclass and contype = 'c' and pg_get_constraintdef(oid) like '%employment_type%';
select count(*)::text from pg_indexes where schemaname = current_schema() and tablename = 'jobs' and indexdef like '%(employment_type) WHERE%';
