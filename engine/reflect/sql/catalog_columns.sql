-- The columns of every table of the schema, in their order. A not-null constraint that was never validated (PostgreSQL
-- 18 has such) is no promise about the rows: it is listed as a constraint, and not here.
with recursive columns as (
    select a.*
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
        and c.relkind in ('r', 'p', 'f')
), walk as (
    -- a domain gives its base, an array its element, until neither is left
    select t.oid as start, t.oid as current, false as is_array
    from pg_type t
    where t.oid in (select atttypid from columns)
    union all
    select w.start,
           case when t.typtype = 'd' then t.typbasetype else t.typelem end,
           w.is_array or t.typtype <> 'd'
    from walk w
    join pg_type t on t.oid = w.current
    where t.typtype = 'd' or t.typsubscript = 'array_subscript_handler'::regproc
), bases as (
    select w.start, t.typname as base, w.is_array
    from walk w
    join pg_type t on t.oid = w.current
    where t.typtype <> 'd' and t.typsubscript is distinct from 'array_subscript_handler'::regproc
), parts as (
    -- a type and everything that its values are made of
    select t.oid as start, t.oid as part
    from pg_type t
    where t.oid in (select atttypid from columns)
    union
    select p.start, inner_.part
    from parts p
    join pg_type t on t.oid = p.part
    cross join lateral (
        select t.typbasetype where t.typtype = 'd'
        union all
        select t.typelem where t.typsubscript = 'array_subscript_handler'::regproc
        union all
        select a.atttypid
        from pg_attribute a
        where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
        union all
        select r.rngsubtype from pg_range r where r.rngtypid = t.oid
        union all
        select r.rngtypid from pg_range r where r.rngmultitypid = t.oid
    ) as inner_ (part)
), made as (
    select p.start,
           -- Some values are sent and not received: these three when they are empty, and texts within a type of an
           -- extension (hstore) that are longer in UTF8 than its send function says.
           bool_and(t.typsend::oid <> 0 and t.typreceive::oid <> 0
               and t.oid <> all ('{int2vector,oidvector,tsquery}'::regtype[])
               and (t.oid < 16384 or t.typtype <> 'b' or current_setting('server_encoding') = 'UTF8')) as is_binary,
           bool_or(exists (
               select
               from pg_cast c
               where c.castsource = t.oid and t.oid >= 16384 and c.castfunc <> 0  -- a builtin type's is not obeyed
                   and c.casttarget in ('json'::regtype, 'jsonb'::regtype)
           )) as is_cast_to_json,
           bool_or(t.typtype = 'd') as has_domain,
           bool_or(t.typname like 'reg%' and t.typnamespace = 'pg_catalog'::regnamespace) as names_objects
    from parts p
    join pg_type t on t.oid = p.part
    group by p.start
)
select a.attrelid as table_oid,
       a.attname as name,
       format_type(a.atttypid, a.atttypmod) as type,
       a.attnotnull and not exists (
           select
           from pg_constraint con
           where con.conrelid = a.attrelid and con.contype = 'n' and not con.convalidated and con.conkey[1] = a.attnum
       ) as not_null,
       pg_get_expr(d.adbin, d.adrelid) as default,
       array(
           -- PostgreSQL 14 has a generated column itself depend on what it is made of, later ones its expression
           select distinct o.attname::text
           from pg_depend p
           join pg_attribute o on o.attrelid = p.refobjid and o.attnum = p.refobjsubid
           where p.refclassid = 'pg_class'::regclass and p.refobjid = a.attrelid and p.refobjsubid <> a.attnum
               and (p.classid = 'pg_attrdef'::regclass and p.objid = d.oid
                    or p.classid = 'pg_class'::regclass and p.objid = a.attrelid and p.objsubid = a.attnum)
           order by 1
       ) as reads,
       case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end as collation,
       a.attidentity::text as identity,
       a.attgenerated::text as generated,
       col_description(a.attrelid, a.attnum) as comment,
       b.base,
       t.typtype::text as kind,
       b.is_array,
       a.attndims::integer as dimensions,
       m.is_binary,
       case when m.is_binary and p.oid is not null then format('%I.%I', n.nspname, p.proname) else '' end as sends,
       m.is_cast_to_json and a.atttypid not in ('json'::regtype, 'jsonb'::regtype) as is_cast_to_json,
       m.names_objects,
       a.attcollation not in (0, 'pg_catalog."default"'::regcollation) as is_collated,
       exists (select from pg_collation c where c.oid = a.attcollation and not c.collisdeterministic) as is_loose
from columns a
join pg_type t on t.oid = a.atttypid
join bases b on b.start = a.atttypid
join made m on m.start = a.atttypid
-- A SELECT calls what sends the values as it would any function: the role must be allowed to, and the function must take
-- the type itself, not one that is only stored alike. A domain's is its base type's, and may not take the domain; what
-- is made of domains may be refused, and a text is tried more cheaply than what is received with the whole row.
left join pg_proc p on p.oid = t.typsend and not m.has_domain
    and p.proargtypes[0] = any (t.oid || '{anyarray,anyenum,anyrange,anymultirange,record}'::regtype[]::oid[])
    and has_function_privilege(p.oid, 'execute') and has_schema_privilege(p.pronamespace, 'usage')
left join pg_namespace n on n.oid = p.pronamespace
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
order by a.attrelid, a.attnum;
