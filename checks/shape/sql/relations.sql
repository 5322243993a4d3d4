-- Tables, partitions, views and foreign tables of a schema, members of extensions left out.
select case c.relkind
           when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table'
       end as kind,
       null::text as of,
       c.relname::text as name,
       pg_catalog.jsonb_build_object(
           'comment', pg_catalog.obj_description(c.oid, 'pg_class'),
           'owner', pg_catalog.pg_get_userbyid(c.relowner),
           'persistence', c.relpersistence,
           'partitioned', c.relkind = 'p' or c.relispartition,
           'row security', c.relrowsecurity,
           'forced row security', c.relforcerowsecurity,
           'replica identity', c.relreplident,
           'storage parameters', c.reloptions::text,
           'storage parameters of long values', t.reloptions::text,
           'row type', c.reloftype <> 0,
           'definition', case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) end,
           'parents', (select pg_catalog.count(*) from pg_catalog.pg_inherits i where i.inhrelid = c.oid),
           'heirs', (select pg_catalog.count(*) from pg_catalog.pg_inherits i where i.inhparent = c.oid)
       ) as says
from pg_catalog.pg_class c
left join pg_catalog.pg_class t on t.oid = c.reltoastrelid
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = %(schema)s)
    and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
