select count(*)::text from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r' and relname like '%\_profiles';
select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'tax_rules'::regclass and attname = 'rate';
select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'audit_logs'::regclass and attname = 'ip_address';
