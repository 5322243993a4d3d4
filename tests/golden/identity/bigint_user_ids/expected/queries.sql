select string_agg(distinct format_type(atttypid, atttypmod), ',') from pg_attribute join pg_class c on c.oid = attrelid where relnamespace = current_schema()::regnamespace and relkind = 'r' and attname in ('user_id', 'actor_user_id');
select nextval(pg_get_serial_sequence('users', 'id'))::text;
