select status from payments where id = 14;
select status from payments where id = 18;
select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'payment_transactions'::regclass and attname = 'payment_id';
