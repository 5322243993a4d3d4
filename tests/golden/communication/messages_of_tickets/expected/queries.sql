select confrelid::regclass::text from pg_constraint where conrelid = 'support_ticket_messages'::regclass and contype = 'f';
