select count(*)::text from migration.notes where legacy_table = 'kb_articles' and legacy_key = '00000000-0000-0000-0000-000000000022' and target_column = 'section_id';
select count(*)::text from migration.notes where legacy_table = 'kb_articles' and legacy_key = '00000000-0000-0000-0000-000000000023' and target_column = 'category_id' and legacy_value = '00000000-0000-0000-0000-000000000019';
select confrelid::regclass::text from pg_constraint join pg_attribute on attrelid = conrelid and attnum = conkey[1] where conrelid = 'kb_articles'::regclass and contype = 'f' and attname = 'section_id';
select count(*)::text from pg_constraint where conrelid = 'kb_articles'::regclass and contype = 'u';
select attnotnull::text from pg_attribute where attrelid = 'kb_articles'::regclass and attname = 'title';
