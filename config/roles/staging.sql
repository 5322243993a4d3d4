-- The staging role: what it takes to fill the rehearsal copy. For psql, connected to the staging database as its owner or
-- an administrator:
--
--     psql "$STAGING_URL" -v role=stager -v schema=public -v extensions=public -f config/roles/staging.sql
--
-- Without -v the role is called nxtgauge_stager, and the schemas are both public: the one that has the legacy schema's
-- name, and the one that extensions are in there. Then give it a password: \password stager
-- It may run again.

\set ON_ERROR_STOP on
\if :{?role}
\else
    \set role nxtgauge_stager
\endif
\if :{?schema}
\else
    \set schema public
\endif
\if :{?extensions}
\else
    \set extensions public
\endif

begin;

select format('create role %I login', :'role') where to_regrole(quote_ident(:'role')) is null \gexec

-- create: schemas of its own, and extensions that PostgreSQL trusts. An administrator makes others beforehand.
grant connect, create on database :"DBNAME" to :"role";

-- Where a schema is not there, the role makes it, and owns it.
select format('grant usage on schema %I to %I', nspname, :'role') from pg_namespace where nspname = :'extensions'
\gexec
select format('grant usage, create on schema %I to %I', nspname, :'role') from pg_namespace where nspname = :'schema'
\gexec

commit;
