select confrelid::regclass::text || ' ' || confdeltype::text from pg_constraint where conrelid = 'lessons'::regclass and contype = 'f';
