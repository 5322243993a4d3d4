select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'lead_requests'::regclass and attname = 'lead_id';
