select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attname) from pg_attribute where attrelid = 'kb_articles'::regclass and attname in ('id', 'category_id', 'section_id');
select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'kb_article_feedback'::regclass and attname = 'article_id';
select nextval(pg_get_serial_sequence('kb_articles', 'id'))::text;
select attidentity::text from pg_attribute where attrelid = 'kb_categories'::regclass and attname = 'id';
