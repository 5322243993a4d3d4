-- What a schema's definitions say, object by object: names, expressions, bodies, labels, bounds and comments. What an
-- extension brought is left out. One row for each text: class, object, number within it, text.
with own as (
    select n.oid from pg_namespace n where n.nspname = %(schema)s
), relations as (
    select c.* from pg_class c where c.relnamespace = (select oid from own)
), texts (class, object, part, text) as (
    select 'pg_class'::regclass, c.oid, 0, c.relname::text from relations c where c.relkind <> 't'
    union all
    select 'pg_class'::regclass, c.oid, 0, pg_get_viewdef(c.oid) from relations c where c.relkind in ('v', 'm')
    union all
    select 'pg_class'::regclass, c.oid, 0, pg_get_indexdef(c.oid) from relations c where c.relkind in ('i', 'I')
    union all
    select 'pg_class'::regclass, c.oid, 0, pg_get_expr(c.relpartbound, c.oid) from relations c where c.relispartition
    union all
    select 'pg_class'::regclass, a.attrelid, a.attnum, a.attname::text
    from relations c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind in ('r', 'p', 'v', 'm', 'c')
    union all
    select 'pg_attrdef'::regclass, d.oid, 0, pg_get_expr(d.adbin, d.adrelid)
    from pg_attrdef d join relations c on c.oid = d.adrelid
    union all
    select 'pg_constraint'::regclass, k.oid, 0, concat_ws(' ', k.conname, pg_get_constraintdef(k.oid))
    from pg_constraint k where k.connamespace = (select oid from own)
    union all
    select 'pg_type'::regclass, t.oid, 0, concat_ws(' ', t.typname, t.typdefault)
    from pg_type t where t.typnamespace = (select oid from own) and t.typtype <> 'c' and t.typelem = 0
    union all
    select 'pg_type'::regclass, t.oid, 0, e.enumlabel::text
    from pg_type t join pg_enum e on e.enumtypid = t.oid where t.typnamespace = (select oid from own)
    union all
    select 'pg_proc'::regclass, p.oid, 0,
           concat_ws(' ', p.proname, pg_get_function_arguments(p.oid), p.prosrc, pg_get_function_sqlbody(p.oid))
    from pg_proc p where p.pronamespace = (select oid from own)
    union all
    select 'pg_trigger'::regclass, t.oid, 0, pg_get_triggerdef(t.oid)
    from pg_trigger t join relations c on c.oid = t.tgrelid where not t.tgisinternal
    union all
    select 'pg_rewrite'::regclass, r.oid, 0, pg_get_ruledef(r.oid)
    from pg_rewrite r join relations c on c.oid = r.ev_class where r.rulename <> '_RETURN'
    union all
    select 'pg_policy'::regclass, p.oid, 0,
           concat_ws(' ', p.polname, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    from pg_policy p join relations c on c.oid = p.polrelid
    union all
    select 'pg_statistic_ext'::regclass, s.oid, 0, pg_get_statisticsobjdef(s.oid)
    from pg_statistic_ext s where s.stxnamespace = (select oid from own)
    union all
    select d.classoid, d.objoid, d.objsubid, d.description
    from pg_description d
    cross join lateral pg_identify_object(d.classoid, d.objoid, d.objsubid) i
    cross join lateral pg_identify_object_as_address(d.classoid, d.objoid, d.objsubid) a
    where d.objoid >= 16384 and (i.schema = quote_ident(%(schema)s) or i.schema is null and a.object_names[1] = %(schema)s)
)
select concat_ws(' ', i.type, i.identity), t.text
from texts t
cross join lateral pg_identify_object(t.class, t.object, t.part) i
where t.text <> '' and not exists (
    select from pg_depend d where d.classid = t.class and d.objid = t.object and d.deptype = 'e'
)
order by 1, 2;
