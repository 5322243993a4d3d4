-- Sequences of a schema and the columns that own them; their positions they tell themselves.
select 'sequence' as kind,
       null::text as of,
       c.relname::text as name,
       pg_catalog.jsonb_build_object(
           'type', pg_catalog.format_type(s.seqtypid, null),
           'start', s.seqstart,
           'increment', s.seqincrement,
           'minimum', s.seqmin,
           'maximum', s.seqmax,
           'cache', s.seqcache,
           'cycle', s.seqcycle,
           'table', t.relname,
           'column', a.attname,
           'identity', coalesce(d.deptype = 'i', false),
           'persistence', c.relpersistence,
           'comment', pg_catalog.obj_description(c.oid, 'pg_class'),
           'owner', pg_catalog.pg_get_userbyid(c.relowner)
       ) as says
from pg_catalog.pg_sequence s
join pg_catalog.pg_class c on c.oid = s.seqrelid
left join pg_catalog.pg_depend d
    on d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
    and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype in ('a', 'i') and d.refobjsubid > 0
left join pg_catalog.pg_class t on t.oid = d.refobjid
left join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = %(schema)s)
    and not exists (
        select from pg_catalog.pg_depend e
        where e.classid = 'pg_catalog.pg_class'::regclass and e.objid = c.oid and e.deptype = 'e'
    )
order by c.relname
