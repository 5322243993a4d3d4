-- Every column of every plain or partitioned table of a schema, tables of extensions and partitions left out.
with recursive tables as (
    select c.oid, c.relname
    from pg_class c
    where c.relnamespace = (select oid from pg_namespace where nspname = %(schema)s)
        and c.relkind in ('r', 'p') and not c.relispartition
        and not exists (
            select from pg_depend d
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
        )
), base (start, current, is_array) as (
    select oid, oid, false from pg_type
    where oid in (select a.atttypid from tables t join pg_attribute a on a.attrelid = t.oid)
    union all
    select b.start, case when t.typtype = 'd' then t.typbasetype else t.typelem end, b.is_array or t.typtype <> 'd'
    from base b join pg_type t on t.oid = b.current
    where t.typtype = 'd' or t.typcategory = 'A' and t.typelem <> 0
), made_of (start, part) as (
    select start, start from base
    union
    select m.start, part.oid
    from made_of m
    join pg_type t on t.oid = m.part
    cross join lateral (
        select t.typbasetype where t.typtype = 'd'
        union all select t.typelem where t.typcategory = 'A' and t.typelem <> 0
        union all select a.atttypid from pg_attribute a
            where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
        union all select r.rngsubtype from pg_range r where r.rngtypid = t.oid
        union all select r.rngtypid from pg_range r where r.rngmultitypid = t.oid
    ) as part (oid)
), json_casts (start) as (
    -- types of whose values row_to_json and to_jsonb would call a function of the database's own; of builtin types never
    select m.start
    from made_of m
    join pg_cast c on c.castsource = m.part and c.castfunc <> 0
    where m.part >= 16384 and c.casttarget in ('json'::regtype, 'jsonb'::regtype)
)
select t.relname::text,
       a.attname::text,
       format_type(a.atttypid, a.atttypmod),
       bt.typname::text,
       bt.is_array,
       y.typtype::text,
       a.attnotnull,
       a.attgenerated <> '' as is_generated,
       array(
           select o.attname::text
           from pg_depend p
           join pg_attribute o on o.attrelid = p.refobjid and o.attnum = p.refobjsubid
           where p.refclassid = 'pg_class'::regclass and p.refobjid = a.attrelid and p.refobjsubid <> a.attnum
               and a.attgenerated <> ''
               and (p.classid = 'pg_attrdef'::regclass and p.objid = d.oid
                    -- PostgreSQL 14 has the column itself depend on what it is made of
                    or p.classid = 'pg_class'::regclass and p.objid = a.attrelid and p.objsubid = a.attnum)
       ),
       pg_get_expr(d.adbin, d.adrelid),
       l.collname::text,
       exists (select from json_casts j where j.start = a.atttypid) as is_cast_to_json,
       exists (
           select from made_of m join pg_type p on p.oid = m.part
           where m.start = a.atttypid and p.typname like 'reg%%' and p.typnamespace = 'pg_catalog'::regnamespace
       ) as names_objects,
       a.attcollation not in (0, 'pg_catalog."default"'::regcollation) as is_collated
from tables t
left join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
left join pg_type y on y.oid = a.atttypid
left join (
    select b.start, b.is_array, bt.typname
    from base b join pg_type bt on bt.oid = b.current
    where bt.typtype <> 'd' and not (bt.typcategory = 'A' and bt.typelem <> 0)
) bt on bt.start = a.atttypid
left join pg_collation l on l.oid = a.attcollation and l.oid <> y.typcollation
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
order by t.relname, a.attnum;
