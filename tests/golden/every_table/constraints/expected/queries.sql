select pg_get_constraintdef(oid) from pg_constraint where conname = 'bookings_no_overlap' and conrelid = 'bookings'::regclass;
select pg_get_constraintdef(oid) from pg_constraint where conname = 'bookings_slot_key' and conrelid = 'bookings'::regclass;
select pg_get_constraintdef(oid) from pg_constraint where conname = 'bookings_grp_key' and conrelid = 'bookings'::regclass;
select pg_get_constraintdef(oid) from pg_constraint where conname = 'bookings_user_fkey' and conrelid = 'bookings'::regclass;
select pg_get_constraintdef(oid) from pg_constraint where conname = 'bookings_amount_check' and conrelid = 'bookings'::regclass;
select collname::text from pg_attribute join pg_collation c on c.oid = attcollation where attrelid = 'bookings'::regclass and attname = 'slot';
select (indexdef like '%(slot text_pattern_ops DESC)%fillfactor%70%')::text from pg_indexes where schemaname = current_schema() and indexname = 'bookings_slot_idx';
