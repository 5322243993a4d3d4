-- Indexes of the tables of a schema, those of constraints too (`constraint` names it). An operator class or a collation
-- is named where it is not the one that comes by itself.
select 'index' as kind,
       c.relname::text as of,
       i.relname::text as name,
       pg_catalog.jsonb_build_object(
           'constraint', k.conname,
           'method', m.amname,
           'unique', x.indisunique,
           'nulls not distinct', coalesce(boolin(textout(pg_catalog.to_jsonb(x) ->> 'indnullsnotdistinct')), false),
           'immediate', x.indimmediate or k.oid is not null,
           'valid', x.indisvalid,
           'ready', x.indisready and x.indislive,
           'clustered', x.indisclustered,
           'serves as replica identity', x.indisreplident,
           'keys', array(
               select pg_catalog.jsonb_build_object(
                   'column', a.attname,
                   'expression', case when a.attnum is null
                       then pg_catalog.pg_get_indexdef(i.oid, n.place::integer, false) end,
                   'operator class', case when not o.opcdefault then o.opcname end,
                   'options', p.attoptions::text,
                   'collation', case
                       when x.indcollation[n.place - 1] <> coalesce(a.attcollation, 0)
                           then x.indcollation[n.place - 1]::regcollation::text
                   end,
                   'descending', x.indoption[n.place - 1] & 1 = 1,
                   'nulls first', x.indoption[n.place - 1] & 2 = 2
               )
               from pg_catalog.generate_series(1, x.indnkeyatts) as n (place)
               left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = x.indkey[n.place - 1] and a.attnum <> 0
               left join pg_catalog.pg_attribute p on p.attrelid = i.oid and p.attnum = n.place
               left join pg_catalog.pg_opclass o on o.oid = x.indclass[n.place - 1]
               order by n.place
           ),
           'included', array(
               select a.attname::text
               from pg_catalog.generate_series(x.indnkeyatts + 1, x.indnatts) as n (place)
               join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = x.indkey[n.place - 1] order by n.place
           ),
           'predicate', pg_catalog.pg_get_expr(x.indpred, x.indrelid),
           'reads', array(
               select distinct a.attname::text
               from pg_catalog.pg_depend d
               join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
               where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = i.oid
                   and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = c.oid
               order by 1
           ),
           'storage parameters', i.reloptions::text,
           'comment', pg_catalog.obj_description(i.oid, 'pg_class'),
           'functions', array(
               select p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')'
               from pg_catalog.pg_depend u join pg_catalog.pg_proc p on p.oid = u.refobjid
               where u.refclassid = 'pg_catalog.pg_proc'::regclass and p.pronamespace = c.relnamespace
                   and u.classid = 'pg_catalog.pg_class'::regclass and u.objid = i.oid
               order by 1
           )
       ) as says
from pg_catalog.pg_index x
join pg_catalog.pg_class c on c.oid = x.indrelid
join pg_catalog.pg_class i on i.oid = x.indexrelid
join pg_catalog.pg_am m on m.oid = i.relam
left join pg_catalog.pg_constraint k on k.conindid = i.oid and k.contype in ('p', 'u', 'x')
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = %(schema)s)
    and c.relkind in ('r', 'p')
order by c.relname, i.relname
