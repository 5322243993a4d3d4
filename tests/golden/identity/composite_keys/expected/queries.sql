select (legacy_key::jsonb ->> 0) || ' ' || (legacy_key::jsonb ->> 1) from migration.rejects;
select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'role_permissions'::regclass and contype = 'p';
select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'grants'::regclass and contype = 'f';
