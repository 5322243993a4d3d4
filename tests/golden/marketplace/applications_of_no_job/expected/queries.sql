select confrelid::regclass::text from pg_constraint where conrelid = 'job_applications'::regclass and contype = 'f';
select legacy_row ->> 'cover' from migration.rejects where legacy_key = '00000000-0000-0000-0000-0000000000c2';
