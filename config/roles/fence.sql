-- The fence's role: what it takes to keep the legacy schema's writers away at a cut-over, and to give back what was
-- taken. It becomes a member of whoever owns the tables and the schema. For psql, connected to the legacy database as its
-- owner or an administrator:
--
--     psql "$LEGACY_URL" -v role=fencer -v schema=public -f config/roles/fence.sql
--
-- Without -v the role is called nxtgauge_fencer and the schema public. Then give it a password: \password fencer
-- It may run again, and has to after tables of other owners were added. What a superuser owns is left out: give it to
-- another role before. To see how long others have held a lock, and to end them, it needs two roles of the server more:
--
--     grant pg_read_all_stats, pg_signal_backend to fencer

\set ON_ERROR_STOP on
\if :{?role}
\else
    \set role nxtgauge_fencer
\endif
\if :{?schema}
\else
    \set schema public
\endif

begin;

select format('create role %I login', :'role') where to_regrole(quote_ident(:'role')) is null \gexec

-- create: for a schema to be renamed.
grant connect, create on database :"DBNAME" to :"role";
grant usage on schema :"schema" to :"role";

-- Nobody is made a member of pg_database_owner, who owns the schema public; the database's owner is meant by it.
with recursive families as (
    select c.oid from pg_class c
    where c.relnamespace = to_regnamespace(quote_ident(:'schema')) and c.relkind in ('r', 'p')
        and not exists (select from pg_depend d
                        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    union select i.inhrelid from pg_inherits i join families f on f.oid = i.inhparent
), owners as (
    select c.relowner as owner from pg_class c join families f on f.oid = c.oid
    union select case when n.nspowner = to_regrole('pg_database_owner') then d.datdba else n.nspowner end
    from pg_namespace n, pg_database d where n.nspname = :'schema' and d.datname = current_database()
)
select format('grant %I to %I', r.rolname, :'role')
from owners o join pg_roles r on r.oid = o.owner
where not r.rolsuper and r.rolname <> :'role'
order by r.rolname
\gexec

commit;
