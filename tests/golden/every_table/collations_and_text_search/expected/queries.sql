select string_agg(collname::text || ' ' || obj_description(oid, 'pg_collation'), ', ') from pg_collation where collnamespace = current_schema()::regnamespace;
select string_agg(cfgname::text, ', ' order by 1) from pg_ts_config where cfgnamespace = current_schema()::regnamespace;
select attcollation::regcollation::text from pg_attribute where attrelid = 'tutor_profiles'::regclass and attname = 'nick';
select dictinitoption from pg_ts_dict where dictname = 'plain_words';
select pg_get_indexdef('pages_idx'::regclass);
