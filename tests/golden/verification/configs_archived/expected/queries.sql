select count(*)::text from pg_constraint where conrelid = 'config_notes'::regclass and contype = 'f';
