-- Tables by name (%(names)s) of a schema (%(schema)s): the numbers of their files, and their primary keys.
-- A partitioned table has no file of its own: its leaves' stand for it. Files are empty where nothing is proved by them:
-- there are none, or what stores the rows is not PostgreSQL's own heap, whose rows keep their xmin for good.
select c.relname::text,
       c.relkind = 'p' as is_partitioned,
       f.files,
       coalesce(k.columns, '{}'),
       coalesce(k.types, '{}'),
       coalesce(k.operators, '{}')
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join lateral (
    select case when count(*) = count(pg_relation_filenode(l.oid)) filter (where a.amname = 'heap')
                then coalesce(string_agg(concat(pg_relation_filenode(l.oid)), ' ' order by l.oid), '') else '' end as files
    from (
        select c.oid where c.relkind <> 'p'
        union all
        select t.relid::oid from pg_partition_tree(c.oid) t where t.isleaf and c.relkind = 'p'
    ) as leaf
    join pg_class l on l.oid = leaf.oid
    left join pg_am a on a.oid = l.relam
) as f
left join lateral (
    select array_agg(a.attname::text order by part.place) as columns,
           array_agg(format_type(a.atttypid, a.atttypmod) order by part.place) as types,
           array_agg(coalesce(e.operator, 'operator(pg_catalog.=)') order by part.place) as operators
    from pg_index i
    cross join unnest(i.indkey) with ordinality as part (attnum, place)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = part.attnum
    join pg_opclass o on o.oid = i.indclass[part.place - 1]
    left join lateral (
        select format('operator(%%I.%%s)', s.nspname, p.oprname) as operator
        from pg_amop m join pg_operator p on p.oid = m.amopopr join pg_namespace s on s.oid = p.oprnamespace
        where m.amopfamily = o.opcfamily and m.amoplefttype = o.opcintype and m.amoprighttype = o.opcintype
          and p.oprname = '='
        limit 1
    ) as e on true
    where i.indrelid = c.oid and i.indisprimary and i.indisvalid and part.place <= i.indnkeyatts
) as k on true
where n.nspname = %(schema)s and c.relname = any(%(names)s) and c.relkind in ('r', 'p')
order by c.relname
