select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'verification_documents'::regclass and contype = 'u';
