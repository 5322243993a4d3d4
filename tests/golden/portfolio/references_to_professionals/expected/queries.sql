select pg_get_constraintdef(oid) from pg_constraint where conrelid = '"Time Slots"'::regclass and contype = 'f';
