-- The source role: what it takes to read the legacy schema, and nothing else. For psql, connected to the legacy database
-- as its owner or an administrator:
--
--     psql "$LEGACY_URL" -v role=reader -v schema=public -f config/roles/source.sql
--
-- Without -v the role is called nxtgauge_reader and the schema public. Then give it a password: \password reader
-- It may run again, and has to after tables were added: grants are on what there is.

\set ON_ERROR_STOP on
\if :{?role}
\else
    \set role nxtgauge_reader
\endif
\if :{?schema}
\else
    \set schema public
\endif

begin;

select format('create role %I login', :'role') where to_regrole(quote_ident(:'role')) is null \gexec

grant connect on database :"DBNAME" to :"role";
grant usage on schema :"schema" to :"role";

-- Tables with their partitions, whole: grants on columns do not do. Neither views nor what an extension brought are read.
select format('grant select on table %I.%I to %I', :'schema', c.relname, :'role')
from pg_class c
where c.relnamespace = to_regnamespace(quote_ident(:'schema')) and c.relkind in ('r', 'p')
    and not exists (select from pg_depend d
                    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by c.relname
\gexec

-- Where each sequence stands, so that it goes on there.
select format('grant select on sequence %I.%I to %I', :'schema', c.relname, :'role')
from pg_class c
where c.relnamespace = to_regnamespace(quote_ident(:'schema')) and c.relkind = 'S'
    and not exists (select from pg_depend d
                    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by c.relname
\gexec

commit;

-- Only where row-level policies would hide rows. Who may not give this makes the role a member of the tables' owner
-- instead (grant OWNER to reader), from whom policies hide nothing unless they are forced.
select format('alter role %I bypassrls', :'role')
where exists (select from pg_class
              where relnamespace = to_regnamespace(quote_ident(:'schema')) and relkind in ('r', 'p') and relrowsecurity)
\gexec
