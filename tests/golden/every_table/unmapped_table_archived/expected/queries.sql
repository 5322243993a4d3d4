select count(*)::text from pg_constraint where conrelid = 'email_logs'::regclass and contype = 'f';
