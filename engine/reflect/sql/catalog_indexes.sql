-- Valid indexes that no constraint owns; their parts stand in catalog_index_parts. Columns: the keys and INCLUDE in
-- order, then what expressions and predicate read.
select i.indrelid as table_oid,
       x.relname as name,
       keys.columns || array(
           select a.attname::text
           from pg_attribute a
           where a.attrelid = i.indrelid and a.attnum <> all (i.indkey)
               and exists (
                   select
                   from pg_depend d
                   where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid
                       and d.refclassid = 'pg_class'::regclass and d.refobjid = a.attrelid and d.refobjsubid = a.attnum
               )
           order by a.attnum
       ) as columns,
       i.indisunique as is_unique,
       i.indexrelid as index_oid,
       obj_description(i.indexrelid, 'pg_class') as comment
from pg_index i
join pg_class x on x.oid = i.indexrelid
join pg_class c on c.oid = i.indrelid
cross join lateral (
    select array(
        select a.attname::text
        from unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
        order by k.place
    ) as columns
) keys
where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
    and c.relkind in ('r', 'p', 'f')
    and i.indisvalid
    and not exists (
        select from pg_constraint con where con.conindid = i.indexrelid and con.contype in ('p', 'u', 'x')
    )
order by i.indrelid, x.relname;
