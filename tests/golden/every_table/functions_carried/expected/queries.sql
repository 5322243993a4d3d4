select pg_get_expr(adbin, adrelid) from pg_attrdef join pg_attribute on attrelid = adrelid and attnum = adnum where adrelid = 'users'::regclass and attname = 'id';
select string_agg(proname, ',' order by proname) from pg_proc where pronamespace = current_schema()::regnamespace and proname in ('slugify', 'is_pin', 'uuid_generate_v4');
select slugify('A B');
