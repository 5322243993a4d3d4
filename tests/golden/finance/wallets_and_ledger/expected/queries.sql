select nextval(pg_get_serial_sequence('tracecoin_ledger', 'id'))::text;
select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'tracecoin_wallets'::regclass and attname = 'balance';
select count(*)::text from pg_constraint where conrelid = 'tracecoin_wallets'::regclass and contype = 'c';
