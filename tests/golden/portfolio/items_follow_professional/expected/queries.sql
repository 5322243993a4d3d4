select confrelid::regclass::text from pg_constraint where conrelid = 'services'::regclass and contype = 'f';
select confrelid::regclass::text from pg_constraint where conrelid = 'portfolio_images'::regclass and contype = 'f';
