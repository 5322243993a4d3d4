select string_agg(format_type(atttypid, atttypmod), ', ' order by attname) from pg_attribute where attrelid = 'developer_profiles'::regclass and attname in ('level', 'share', 'short', 'fixed', 'wall', 'cash');
select (cash = 7.5::money)::text from developer_profiles where id = '00000000-0000-0000-0000-0000000000b1';
