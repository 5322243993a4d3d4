select attnotnull::text from pg_attribute where attrelid = 'verification_requests'::regclass and attname = 'score';
