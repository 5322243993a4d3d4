-- Constraints of the tables of a schema; clones that PostgreSQL keeps for partitions left out.
select c.relname::text,
       k.conname::text,
       k.contype::text,
       array(
           select a.attname::text from unnest(k.conkey) with ordinality as u (attnum, place)
           join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum order by u.place
       ),
       pg_get_constraintdef(k.oid),
       case when f.relnamespace = c.relnamespace then f.relname::text end,
       array(
           select a.attname::text from unnest(k.confkey) with ordinality as u (attnum, place)
           join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.attnum order by u.place
       ),
       k.convalidated,
       k.condeferrable
from pg_constraint k
join pg_class c on c.oid = k.conrelid
left join pg_class f on f.oid = k.confrelid
where c.relnamespace = (select oid from pg_namespace where nspname = %(schema)s)
    and c.relkind in ('r', 'p') and not c.relispartition and k.contype in ('p', 'u', 'f', 'c', 'x') and k.conparentid = 0
order by c.relname, k.conname;
