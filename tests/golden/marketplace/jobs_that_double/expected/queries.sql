select conrelid::regclass::text || ' ' || confrelid::regclass::text || ' ' || convalidated from pg_constraint where conrelid = 'job_applications'::regclass and contype = 'f';
