select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'verification_logs'::regclass and attname = 'verification_request_id';
