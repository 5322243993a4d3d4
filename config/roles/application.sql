-- An application's role: what it takes to use what was published, and nothing else. For psql, connected to the target
-- database as its owner or an administrator, once something is published:
--
--     psql "$PRODUCT_URL" -v role=app     -v schema=nxtgauge -v access=write -f config/roles/application.sql
--     psql "$PRODUCT_URL" -v role=reports -v schema=nxtgauge -v access=read  -f config/roles/application.sql
--
-- Without -v the role is called nxtgauge_app, the schema nxtgauge, and the access is write: rows are read and written,
-- and numbers drawn from sequences. With read they are read. Then give it a password: \password app
-- It may run again. The next publish puts all of this on what it publishes.

\set ON_ERROR_STOP on
\if :{?role}
\else
    \set role nxtgauge_app
\endif
\if :{?schema}
\else
    \set schema nxtgauge
\endif
\if :{?access}
\else
    \set access write
\endif

begin;

select format('create role %I login', :'role') where to_regrole(quote_ident(:'role')) is null \gexec

grant connect on database :"DBNAME" to :"role";
grant usage on schema :"schema" to :"role";

-- For what is there, and for what the owner adds or the next publish brings. Functions: defaults and generated columns
-- call them with the rights of whoever writes the row.
select statement
from pg_namespace n,
    lateral (values ('tables', 'select'), ('tables', 'insert, update, delete'), ('sequences', 'usage, select'),
                    ('functions', 'execute')) as given (kind, what),
    lateral (values
        (format('grant %s on all %s in schema %I to %I', what, kind, n.nspname, :'role')),
        (format('alter default privileges for role %s in schema %I grant %s on %s to %I',
                n.nspowner::regrole, n.nspname, what, kind, :'role'))) as said (statement)
where n.nspname = :'schema' and (:'access' = 'write' or what in ('select', 'execute'))
\gexec

commit;
