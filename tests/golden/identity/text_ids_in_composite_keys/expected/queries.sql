select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'users'::regclass and contype = 'f';
select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'user_roles'::regclass and contype = 'p';
