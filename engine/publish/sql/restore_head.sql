-- Puts what this folder holds into a schema: the rows that were inserted or updated, whole, and without those that were
-- deleted; all of it or nothing. To be run by psql, in this folder, by the role that owns the schema:
--     psql -X "${NXTGAUGE_TARGET_URL:?}" -f restore.sql
-- Another schema than the one that it came from: -v schema=NAME
--
-- It is refused, with the number of rows by table, where it would take away
-- - a row that has the key of one that was inserted, and says something else;
-- - a row that was to be updated or deleted, or stands in a table that is replaced as a whole, and was written to the
--   schema since that was put in place. The books tell which were (migration.marks); where they are not there, or know
--   nothing of the schema, such rows are replaced, and that is said;
-- or would bring back a row that was updated before and deleted in the schema since.
-- -v overwrite=1 replaces these rows too, and brings those back.
-- Triggers and rules of the tables do nothing meanwhile, and are put back as they were.
\set ON_ERROR_STOP on
\if :{?schema}
\else
\set schema {schema}
\endif
\if :{?overwrite}
\else
\set overwrite 0
\endif
\set QUIET on
\pset pager off
\pset footer off
set client_min_messages = warning;
begin;
{settings}
set local row_security = off;
set local search_path = pg_catalog;

-- The tables, with their partitions; nobody else writes to them from here on.
create temporary table concerned on commit drop as
select distinct coalesce(part.relid, named.oid)::regclass as place
from unnest(array[{tables}]::text[]) as t (name)
cross join lateral to_regclass(format('%I.%I', :'schema', t.name)) as named (oid)
left join lateral pg_partition_tree(named.oid) as part on true
where named.oid is not null;
select format('lock table only %s in share row exclusive mode', place) from pg_temp.concerned order by 1 \gexec

-- Foreign keys from and to these tables are made again at the end, which proves them.
create temporary table foreign_keys on commit drop as
select format('alter table %s drop constraint %I', c.conrelid::regclass, c.conname) as dropped,
       format('alter table %s add constraint %I %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid)) as made,
       format('comment on constraint %I on %s is %L', c.conname, c.conrelid::regclass, obj_description(c.oid)) as told,
       obj_description(c.oid) as comment
from pg_constraint c
where c.contype = 'f' and c.conparentid = 0
  and exists (select from pg_temp.concerned where place in (c.conrelid, c.confrelid));

-- What applications have set on writes: it was done when the rows were written.
create temporary table reactions on commit drop as
select format('alter table only %s disable %s %I', place, kind, name) as stopped,
       format('alter table only %s enable %s %s %I', place, case fires when 'A' then 'always' when 'R' then 'replica' end,
              kind, name) as put_back
from (
    select tgrelid::regclass as place, 'trigger' as kind, tgname as name, tgenabled as fires
    from pg_trigger where not tgisinternal
    union all
    select ev_class::regclass, 'rule', rulename, ev_enabled from pg_rewrite where ev_type <> '1'
) as reaction
where fires <> 'D' and place in (select place from pg_temp.concerned);

select stopped from pg_temp.reactions \gexec
select dropped from pg_temp.foreign_keys \gexec

-- What the schema held when it was put in place: rows of later transactions were written to it since.
create temporary table mark (since xid, reached xid, seen int8multirange) on commit drop;
select count(*) = 2 as has_marks from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'migration' and c.relname in ('marks', 'keys') and has_schema_privilege(n.oid, 'usage')
  and has_table_privilege(c.oid, 'select')
  and has_function_privilege(to_regprocedure('pg_control_system()'), 'execute') \gset
\if :has_marks
insert into pg_temp.mark
select (since % 4294967296)::text::xid, (reached % 4294967296)::text::xid, seen
from (
    select split_part(m.mark ->> 'snapshot', ':', 1)::int8 as since, (m.mark ->> 'seen')::int8multirange as seen,
           pg_snapshot_xmax(pg_current_snapshot())::text::int8 as reached
    from migration.marks m join pg_namespace n on n.oid = m.schema_oid
    where n.nspname = :'schema' and m.mark ->> 'system_identifier' = (select system_identifier::text from pg_control_system())
) as told
where reached - since between 0 and {farthest};
\endif
select count(*) = 0 as is_unknown from pg_temp.mark \gset
\if :is_unknown
\echo 'It cannot be told what was written to the schema since: updated and deleted rows are replaced whatever they are.'
\endif
create temporary table in_the_way ("table" text, inserted int8, updated int8, deleted int8, replaced int8,
                                    deleted_here int8) on commit drop;
reset search_path;
