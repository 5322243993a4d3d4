-- Extensions of the database and what they brought: tables, types, and the bare names of all members that an expression
-- can name.
with members as (
    select d.refobjid as extension,
           case when c.relkind in ('r', 'p', 'f') then c.relname end as table_name,
           case when t.typsubscript is distinct from 'array_subscript_handler'::regproc then t.typname end as type_name,
           coalesce(c.relname, t.typname, p.proname, o.oprname, oc.opcname, col.collname) as name
    from pg_depend d
    left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
    left join pg_type t on d.classid = 'pg_type'::regclass and t.oid = d.objid
    left join pg_proc p on d.classid = 'pg_proc'::regclass and p.oid = d.objid
    left join pg_operator o on d.classid = 'pg_operator'::regclass and o.oid = d.objid
    left join pg_opclass oc on d.classid = 'pg_opclass'::regclass and oc.oid = d.objid
    left join pg_collation col on d.classid = 'pg_collation'::regclass and col.oid = d.objid
    where d.deptype = 'e' and d.refclassid = 'pg_extension'::regclass
)
select e.extname as name,
       e.extversion as version,
       n.nspname as schema,
       array(
           select distinct m.table_name::text from members m
           where m.extension = e.oid and m.table_name is not null order by 1
       ) as tables,
       array(
           select distinct m.type_name::text from members m
           where m.extension = e.oid and m.type_name is not null order by 1
       ) as types,
       array(
           select distinct m.name::text from members m where m.extension = e.oid and m.name is not null order by 1
       ) as members
from pg_extension e
join pg_namespace n on n.oid = e.extnamespace
order by e.extname;
