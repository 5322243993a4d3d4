-- Every table of the schema but partitions, which are read through their root. A partition whose root lives in another
-- schema has no root here to be read through, so it is listed.
select c.oid,
       c.relname as name,
       c.relkind::text as kind,
       c.relfilenode::bigint as relfilenode,
       case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as partition_key,
       c.relispartition as is_partition,
       array(
           select p.relname::text
           from pg_inherits i
           join pg_class p on p.oid = i.inhparent
           where i.inhrelid = c.oid and not c.relispartition
           order by i.inhseqno
       ) as inherits,
       c.relkind <> 'p' and exists (select from pg_inherits i where i.inhparent = c.oid) as has_heirs,
       e.extname as extension,
       c.relpersistence::text as persistence,
       coalesce(c.reloptions, '{}') as options,
       c.relrowsecurity as has_row_security,
       c.relforcerowsecurity as is_security_forced,
       row_security_active(c.oid) as is_filtered,
       pg_get_userbyid(c.relowner) as owner,
       coalesce(c.relacl::text[], '{}') as acl,
       has_table_privilege(c.oid, 'SELECT') as has_select,
       array(
           select format('%I.%I', n.nspname, p.relname)
           from pg_partition_tree(c.oid) t
           join pg_class p on p.oid = t.relid
           join pg_namespace n on n.oid = p.relnamespace
           where c.relkind = 'p' and p.oid <> c.oid and not has_table_privilege(p.oid, 'SELECT')
           order by 1
       ) as barred_partitions,
       array(
           select format('%I.%I', n.nspname, p.relname)
           from pg_class p
           join pg_namespace n on n.oid = p.relnamespace
           where pg_is_in_recovery() and p.relpersistence = 'u' and p.relkind = 'r'
               and p.oid in (select t.relid from pg_partition_tree(c.oid) t union all select c.oid)
           order by 1
       ) as unreplicated,
       array(
           select x.relname::text
           from pg_index i
           join pg_class x on x.oid = i.indexrelid
           where i.indrelid = c.oid and not i.indisvalid
           order by x.relname
       ) as invalid_indexes,
       array(
           select a.attnum::int from pg_attribute a
           where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
           order by a.attnum
       ) as numbers,
       obj_description(c.oid, 'pg_class') as comment
from pg_class c
left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.objsubid = 0 and d.deptype = 'e'
left join pg_extension e on e.oid = d.refobjid
where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
    and c.relkind in ('r', 'p', 'f')
    and not (
        c.relispartition
        and exists (
            select from pg_class root where root.oid = pg_partition_root(c.oid) and root.relnamespace = c.relnamespace
        )
    )
order by c.relname;
