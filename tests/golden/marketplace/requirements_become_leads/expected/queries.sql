select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'lead_requests'::regclass and contype = 'u';
select confrelid::regclass::text from pg_constraint join pg_attribute on attrelid = conrelid and attnum = conkey[1] where conrelid = 'lead_requests'::regclass and contype = 'f' and attname = 'lead_id';
select (budget = 1200.50::money)::text from leads where id = '00000000-0000-0000-0000-0000000000e1';
select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'leads'::regclass and attname = 'budget';
