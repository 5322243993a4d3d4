select pg_get_constraintdef(oid) from pg_constraint where conname = 'departments_head_fkey' and connamespace = current_schema()::regnamespace;
select count(*)::text from pg_constraint where conrelid = 'employees'::regclass and contype = 'f';
