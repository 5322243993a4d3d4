select string_agg(attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull, ', ' order by attnum) from pg_attribute where attrelid = 'users'::regclass and attname in ('email', 'phone', 'status', 'score');
select string_agg(conname || ' ' || contype::text, ', ' order by conname) from pg_constraint where conrelid = 'users'::regclass and contype <> 'n';
select obj_description('users'::regclass, 'pg_class');
select col_description('users'::regclass, attnum) from pg_attribute where attrelid = 'users'::regclass and attname = 'phone';
select string_agg(pg_get_expr(adbin, adrelid), ', ' order by adnum) from pg_attrdef where adrelid = 'users'::regclass;
select (pg_get_indexdef('users_lower_email_idx'::regclass, 0, true) like '%UNIQUE%(lower(email::text)) INCLUDE (phone)')::text;
select (pg_get_indexdef('users_blocked_idx'::regclass, 0, true) like '%(created_at DESC NULLS LAST) WHERE status::text = ''Blocked User''::text')::text;
