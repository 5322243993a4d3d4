-- Sequences of a schema: name, the table and column that own it, increment, the last value that it has given (what
-- precedes its start where it has given none), its limits, and whether it begins anew past them.
select c.relname::text,
       t.relname::text,
       a.attname::text,
       s.seqincrement,
       coalesce(pg_sequence_last_value(c.oid), s.seqstart - s.seqincrement),
       s.seqmin,
       s.seqmax,
       s.seqcycle
from pg_sequence s
join pg_class c on c.oid = s.seqrelid
left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
    and d.deptype in ('a', 'i') and d.refobjsubid > 0
left join pg_class t on t.oid = d.refobjid
left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
where c.relnamespace = (select oid from pg_namespace where nspname = %(schema)s)
    and not exists (
        select from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e'
    )
order by c.relname;
