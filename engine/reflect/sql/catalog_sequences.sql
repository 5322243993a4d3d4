-- Sequences of the schema and the columns that own them ('a': OWNED BY, 'i': identity).
-- An unlogged sequence cannot be read on a standby.
select c.oid,
       c.relname as name,
       format_type(s.seqtypid, null) as type,
       s.seqstart as start,
       s.seqincrement as increment,
       s.seqmin as minimum,
       s.seqmax as maximum,
       s.seqcache as cache,
       s.seqcycle as is_cycled,
       t.relname as table,
       a.attname as column,
       coalesce(o.deptype = 'i', false) as is_identity,
       c.relpersistence::text as persistence,
       has_sequence_privilege(c.oid, 'SELECT') as has_select,
       not (c.relpersistence = 'u' and pg_is_in_recovery()) as is_there,
       e.extname as extension,
       obj_description(c.oid, 'pg_class') as comment
from pg_class c
join pg_sequence s on s.seqrelid = c.oid
left join pg_depend o
    on o.classid = 'pg_class'::regclass and o.objid = c.oid and o.objsubid = 0 and o.deptype in ('a', 'i')
    and o.refclassid = 'pg_class'::regclass and o.refobjsubid > 0
left join pg_class t on t.oid = o.refobjid
left join pg_attribute a on a.attrelid = o.refobjid and a.attnum = o.refobjsubid
left join pg_depend m on m.classid = 'pg_class'::regclass and m.objid = c.oid and m.deptype = 'e'
left join pg_extension e on e.oid = m.refobjid
where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
order by c.relname;
