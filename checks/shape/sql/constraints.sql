-- Constraints of the tables of a schema. Not-nulls stand with their columns, but for those that were never validated;
-- clones that PostgreSQL keeps for partitions are left out. columns: of a check or an exclusion, all that it reads.
select 'constraint' as kind,
       c.relname::text as of,
       k.conname::text as name,
       pg_catalog.jsonb_build_object(
           'kind', k.contype,
           'columns', array(
               select a.attname::text from pg_catalog.unnest(k.conkey) with ordinality as u (attnum, place)
               join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = u.attnum order by u.place
           ),
           'reads', array(
               select distinct a.attname::text
               from pg_catalog.pg_depend d
               join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
               where k.contype = 'x' and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = c.oid
                   and ((d.classid = 'pg_catalog.pg_class'::regclass and d.objid = k.conindid)
                       or (d.classid = 'pg_catalog.pg_constraint'::regclass and d.objid = k.oid))
               order by 1
           ),
           'table', f.relname,
           'schema', case when f.relnamespace <> c.relnamespace then n.nspname end,
           'referenced', array(
               select a.attname::text from pg_catalog.unnest(k.confkey) with ordinality as u (attnum, place)
               join pg_catalog.pg_attribute a on a.attrelid = f.oid and a.attnum = u.attnum order by u.place
           ),
           'match', nullif(k.confmatchtype::text, ' '),
           'on update', nullif(k.confupdtype::text, ' '),
           'on delete', nullif(k.confdeltype::text, ' '),
           'set on delete', array(
               select a.attname::text
               from pg_catalog.jsonb_array_elements_text(
                   coalesce(nullif(pg_catalog.to_jsonb(k) -> 'confdelsetcols', 'null'), '[]')
               ) as u (attnum)
               join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = u.attnum::smallint order by 1
           ),
           'deferrable', k.condeferrable,
           'deferred', k.condeferred,
           'validated', k.convalidated,
           'enforced', coalesce(boolin(textout(pg_catalog.to_jsonb(k) ->> 'conenforced')), true),
           'no inherit', k.contype = 'c' and k.connoinherit,
           'over periods', coalesce(boolin(textout(pg_catalog.to_jsonb(k) ->> 'conperiod')), false),
           'expression', pg_catalog.pg_get_expr(k.conbin, k.conrelid),
           'operators', array(
               select o.oprname::text from pg_catalog.unnest(k.conexclop) with ordinality as u (oid, place)
               join pg_catalog.pg_operator o on o.oid = u.oid where k.contype = 'x' order by u.place
           ),
           'triggers disabled', coalesce((
               select pg_catalog.bool_or(t.tgenabled <> 'O') from pg_catalog.pg_trigger t where t.tgconstraint = k.oid
           ), false),
           'comment', pg_catalog.obj_description(k.oid, 'pg_constraint'),
           'functions', array(
               select p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')'
               from pg_catalog.pg_depend u join pg_catalog.pg_proc p on p.oid = u.refobjid
               where u.refclassid = 'pg_catalog.pg_proc'::regclass and p.pronamespace = c.relnamespace
                   and ((u.classid = 'pg_catalog.pg_constraint'::regclass and u.objid = k.oid)
                       or (u.classid = 'pg_catalog.pg_class'::regclass and k.contype = 'x' and u.objid = k.conindid))
               order by 1
           )
       ) as says
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
left join pg_catalog.pg_class f on f.oid = k.confrelid
left join pg_catalog.pg_namespace n on n.oid = f.relnamespace
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = %(schema)s)
    and c.relkind in ('r', 'p') and k.conparentid = 0
    and (k.contype in ('p', 'u', 'f', 'c', 'x') or k.contype = 'n' and not k.convalidated)
order by c.relname, k.conname
