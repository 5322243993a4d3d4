select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'interviews'::regclass and contype = 'f';
select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'job_applications'::regclass and contype = 'u';
