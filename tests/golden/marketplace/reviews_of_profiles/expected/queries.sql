select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'reviews'::regclass and contype = 'f';
