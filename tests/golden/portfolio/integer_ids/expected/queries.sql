select nextval(pg_get_serial_sequence('portfolio_items', 'id'))::text;
select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'portfolio_images'::regclass and contype = 'f';
select (indexdef like '%UNIQUE%(user_role_profile_id, id)%')::text from pg_indexes where schemaname = current_schema() and indexname = 'portfolio_items_owner_idx';
select count(*)::text from pg_constraint where conrelid = 'portfolio_items'::regclass and contype = 'c';
