-- What outside a schema (%(schema)s, its oid) depends on something in it, as a person would call it. A function whose
-- body is a string depends on nothing that the server knows of. %(extensions)s: whether what depends on members of
-- extensions counts.
with held as (
    select 'pg_class'::regclass as class, oid as object from pg_class where relnamespace = %(schema)s
    union all select 'pg_type'::regclass, oid from pg_type where typnamespace = %(schema)s
    union all select 'pg_proc'::regclass, oid from pg_proc where pronamespace = %(schema)s
    union all select 'pg_constraint'::regclass, oid from pg_constraint where connamespace = %(schema)s
    union all select d.classid::regclass, d.objid from pg_depend d
              where d.refclassid = 'pg_namespace'::regclass and d.refobjid = %(schema)s
),
inside as (
    select h.class, h.object from held h
    where %(extensions)s or not exists (
        select from pg_depend e
        where e.classid = h.class and e.objid = h.object and e.objsubid = 0 and e.deptype = 'e'
    )
),
dependants as (
    select distinct d.classid, d.objid
    from pg_depend d join inside on inside.class = d.refclassid and inside.object = d.refobjid
    where d.deptype in ('n', 'a', 'P', 'S')
),
-- A rule, a default, a trigger, a policy is part of its table; inside or outside is told of that.
placed as (
    select d.classid, d.objid,
           coalesce(r.ev_class, a.adrelid, t.tgrelid, p.polrelid, nullif(c.conrelid, 0)) as relation
    from dependants d
    left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    left join pg_attrdef a on d.classid = 'pg_attrdef'::regclass and a.oid = d.objid
    left join pg_trigger t on d.classid = 'pg_trigger'::regclass and t.oid = d.objid
    left join pg_policy p on d.classid = 'pg_policy'::regclass and p.oid = d.objid
    left join pg_constraint c on d.classid = 'pg_constraint'::regclass and c.oid = d.objid
)
select distinct
       case when c.relkind in ('v', 'm') then pg_describe_object('pg_class'::regclass, c.oid, 0)
            else pg_describe_object(p.classid, p.objid, 0) end as dependant
from placed p left join pg_class c on c.oid = p.relation
where not exists (
    select from inside
    where (inside.class = p.classid and inside.object = p.objid)
       or (inside.class = 'pg_class'::regclass and inside.object = p.relation)
)
order by dependant
