select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'tutor_profiles'::regclass and contype = 'u' and conkey = (select array[attnum] from pg_attribute where attrelid = conrelid and attname = 'license_no');
select count(*)::text from pg_constraint where conrelid = 'tutor_profiles'::regclass and contype = 'c';
select count(*)::text from pg_indexes where schemaname = current_schema() and tablename = 'tutor_profiles' and indexdef like '%lower(level)%WHERE%';
select pg_get_expr(adbin, adrelid) from pg_attrdef join pg_attribute on attrelid = adrelid and attnum = adnum where adrelid = 'tutor_profiles'::regclass and attname = 'level';
