select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum join pg_type t on t.oid = enumtypid where typname = 'mood' and typnamespace = current_schema()::regnamespace;
select count(*)::text from pg_constraint where contypid in ('pin'::regtype, 'rating'::regtype) and contype = 'c';
select format_type(typbasetype, typtypmod) || ' ' || typdefault from pg_type where oid = 'rating'::regtype;
select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum) from pg_attribute where attrelid = (select typrelid from pg_type where oid = 'place'::regtype);
select (cash = 12.34::money)::text from oddities where id = 1;
select octet_length(fixed)::text from oddities where id = 1;
select (place is null)::text || ' ' || (place is not distinct from null)::text from oddities where id = 3;
select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'oddities'::regclass and attname = 'b';
select places[1]::text from oddities where id = 1;
