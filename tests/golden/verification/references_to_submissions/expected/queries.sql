select confrelid::regclass::text from pg_constraint where conrelid = 'chats'::regclass and contype = 'f';
