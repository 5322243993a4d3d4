-- Keys that pair rows: valid unique indexes over columns that are never null, the primary key first.
select c.relname::text,
       array(
           select a.attname::text
           from unnest(x.indkey::int2[]) with ordinality as u (attnum, place)
           join pg_attribute a on a.attrelid = c.oid and a.attnum = u.attnum
           where u.place <= x.indnkeyatts order by u.place
       )
from pg_index x
join pg_class c on c.oid = x.indrelid
where c.relnamespace = (select oid from pg_namespace where nspname = %(schema)s)
    and c.relkind in ('r', 'p') and not c.relispartition
    and x.indisunique and x.indisvalid and x.indpred is null and x.indexprs is null
    and not exists (
        select from unnest(x.indkey::int2[]) with ordinality as u (attnum, place)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = u.attnum
        where u.place <= x.indnkeyatts and not a.attnotnull
    )
order by c.relname, x.indisprimary desc, x.indnkeyatts, x.indexrelid::regclass::text;
