-- Valid indexes that no constraint owns: table, name, the columns that they read, whether unique, definition.
select c.relname::text,
       i.relname::text,
       array(
           select a.attname::text from pg_depend d
           join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
           where d.classid = 'pg_class'::regclass and d.objid = i.oid and d.refclassid = 'pg_class'::regclass
               and d.refobjid = c.oid and d.refobjsubid > 0
           order by a.attnum
       ),
       x.indisunique,
       pg_get_indexdef(i.oid)
from pg_index x
join pg_class c on c.oid = x.indrelid
join pg_class i on i.oid = x.indexrelid
where c.relnamespace = (select oid from pg_namespace where nspname = %(schema)s)
    and c.relkind in ('r', 'p') and not c.relispartition and x.indisvalid
    and not exists (select from pg_constraint k where k.conindid = i.oid and k.contype in ('p', 'u', 'x'))
order by c.relname, i.relname;
