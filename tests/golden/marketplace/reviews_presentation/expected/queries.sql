select confrelid::regclass::text from pg_constraint where conrelid = 'review_display_settings'::regclass and contype = 'f';
select attname::text from pg_constraint join pg_attribute on attrelid = conrelid and attnum = conkey[1] where conrelid = 'review_display_settings'::regclass and contype = 'p';
