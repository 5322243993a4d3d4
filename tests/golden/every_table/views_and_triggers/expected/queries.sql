select count(*)::text from pg_trigger where tgrelid = 'users'::regclass and not tgisinternal;
select count(*)::text from pg_policy where polrelid = 'users'::regclass;
