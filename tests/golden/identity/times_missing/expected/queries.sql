select string_agg(format_type(atttypid, atttypmod) || ' ' || attnotnull, ', ' order by attname) from pg_attribute where attrelid = 'roles'::regclass and attname in ('created_at', 'updated_at');
select string_agg(attname || ' ' || pg_get_expr(adbin, adrelid) || ' ' || attnotnull, ', ' order by attname) from pg_attrdef join pg_attribute on attrelid = adrelid and attnum = adnum where adrelid = 'account_deletion_requests'::regclass;
select format_type(atttypid, atttypmod) || ' ' || attnotnull from pg_attribute where attrelid = 'refresh_tokens'::regclass and attname = 'created_at';
select (r.created_at = u.created_at and r.created_at <= now() and r.updated_at = r.created_at)::text from roles r, users u;
select (created_at = (select created_at from roles) and isfinite(created_at))::text from account_deletion_requests where id = 5;
