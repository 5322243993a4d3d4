select string_agg(attrelid::regclass || '.' || attname || ' ' || attgenerated::text, ', ' order by attname) from pg_attribute where attrelid in ('users'::regclass, 'leads'::regclass, 'roles'::regclass, 'jobs'::regclass, 'departments'::regclass, 'portfolio_items'::regclass) and attname in ('full_name', 'total', 'spoken', 'day', 'search', 'tag', 'of_whom', 'size');
select indexdef from pg_indexes where indexname in ('jobs_search_idx') and schemaname = current_schema();
select pg_get_constraintdef(oid) from pg_constraint where conname = 'roles_day_key' and conrelid = 'roles'::regclass;
select pg_get_constraintdef(oid) from pg_constraint where conname = 'departments_tag_key' and conrelid = 'departments'::regclass;
select string_agg(pg_get_constraintdef(oid), '; ' order by conname) from pg_constraint where contype = 'f' and conrelid in ('boxes'::regclass, 'lessons'::regclass);
