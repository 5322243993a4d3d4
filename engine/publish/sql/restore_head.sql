-- Puts what this folder holds into a schema: the rows that were inserted or updated, whole, and without those that were
-- deleted; all of it or nothing. To be run by psql, in this folder, by the role that owns the schema:
--     psql "$NXTGAUGE_TARGET_URL" -f restore.sql
-- Another schema than the one that it came from: -v schema=NAME
\set ON_ERROR_STOP on
\if :{?schema}
\else
\set schema {schema}
\endif
\set QUIET on
set client_min_messages = warning;
begin;
{settings}

-- Foreign keys from and to these tables are made again at the end, which proves them.
set local search_path = pg_catalog;
create temporary table foreign_keys on commit drop as
select format('alter table %s drop constraint %I', c.conrelid::regclass, c.conname) as dropped,
       format('alter table %s add constraint %I %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid)) as made,
       format('comment on constraint %I on %s is %L', c.conname, c.conrelid::regclass, obj_description(c.oid)) as told,
       obj_description(c.oid) as comment
from pg_constraint c
where c.contype = 'f' and c.conparentid = 0
  and exists (
      select from unnest(array[{tables}]) as t (name)
      where to_regclass(format('%I.%I', :'schema', t.name)) in (c.conrelid, c.confrelid));
reset search_path;
select dropped from pg_temp.foreign_keys \gexec
