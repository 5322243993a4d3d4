select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attname) from pg_attribute where attrelid = 'review_display_settings'::regclass and attname in ('review_id', 'highlight_color');
select nextval(pg_get_serial_sequence('reviews', 'id'))::text;
