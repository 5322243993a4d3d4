select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'alerts'::regclass and contype = 'f';
