select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'verification_logs'::regclass and contype = 'f';
