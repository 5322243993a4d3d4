select string_agg(conname, ', ' order by conname) from pg_constraint where conrelid = '"Order ""Items"""'::regclass and contype in ('f', 'c');
select nextval(pg_get_serial_sequence('"Order ""Items"""', 'select'))::text;
