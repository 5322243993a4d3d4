-- The target role: what it takes to make, publish and take back the product. It owns what it makes, and touches nothing
-- else. For psql, connected to the target database as its owner or an administrator:
--
--     psql "$PRODUCT_URL" -v role=migrator -v extensions=public -f config/roles/target.sql
--
-- Without -v the role is called nxtgauge_migrator, and extensions, the profile's extension_schema, is public. Then give
-- it a password: \password migrator
-- It may run again. What an earlier publish made and was given to another owner since wants that role too:
-- grant OWNER to migrator. `plan` says so.

\set ON_ERROR_STOP on
\if :{?role}
\else
    \set role nxtgauge_migrator
\endif
\if :{?extensions}
\else
    \set extensions public
\endif

begin;

select format('create role %I login', :'role') where to_regrole(quote_ident(:'role')) is null \gexec

-- create: schemas of its own, and extensions that PostgreSQL trusts. An administrator makes others beforehand.
grant connect, create, temporary on database :"DBNAME" to :"role";
grant usage on schema :"extensions" to :"role";

commit;
