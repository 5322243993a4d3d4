-- Generated columns of a schema, each with a column that it is made of: PostgreSQL 14 has the column itself depend on
-- that, later ones its expression.
select distinct c.relname::text, a.attname::text, s.attnum, s.attname::text
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attgenerated <> ''
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
join pg_depend p on p.refclassid = 'pg_class'::regclass and p.refobjid = c.oid and p.refobjsubid not in (0, a.attnum)
    and (p.classid = 'pg_attrdef'::regclass and p.objid = d.oid
         or p.classid = 'pg_class'::regclass and p.objid = c.oid and p.objsubid = a.attnum)
join pg_attribute s on s.attrelid = c.oid and s.attnum = p.refobjsubid
where c.relnamespace = (select oid from pg_namespace where nspname = %(schema)s) and c.relkind in ('r', 'p')
order by 1, 2, 3;
