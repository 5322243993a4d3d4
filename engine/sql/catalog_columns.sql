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
           select o.attname::text
           from pg_depend p
           join pg_attribute o on o.attrelid = p.refobjid and o.attnum = p.refobjsubid
           where p.classid = 'pg_attrdef'::regclass and p.objid = d.oid and p.refclassid = 'pg_class'::regclass
               and p.refobjid = a.attrelid and p.refobjsubid <> a.attnum
           order by o.attnum
       ) as reads,
       case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end as collation,
       a.attidentity::text as identity,
       a.attgenerated::text as generated,
       col_description(a.attrelid, a.attnum) as comment,
       b.base,
       t.typtype::text as kind,
       b.is_array,
       a.attndims::integer as dimensions
from columns a
join pg_type t on t.oid = a.atttypid
join bases b on b.start = a.atttypid
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
order by a.attrelid, a.attnum;
