-- Enums, domains, free-standing composites and ranges of the schema. needs: types of the schema that stand in its making.
with recursive mine as (
    select t.*
    from pg_type t
    left join pg_class c on c.oid = t.typrelid
    where t.typnamespace = (select oid from pg_namespace where nspname = current_schema())
        and (t.typtype in ('e', 'd', 'r') or t.typtype = 'c' and c.relkind = 'c')
), parts as (
    select t.oid, t.typbasetype as part from mine t where t.typtype = 'd'
    union
    select t.oid, a.atttypid
    from mine t
    join pg_attribute a on a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
    where t.typtype = 'c'
    union
    select t.oid, r.rngsubtype from mine t join pg_range r on r.rngtypid = t.oid
), unwrapped as (
    -- an array stands for its element, a multirange for its range
    select oid, part from parts
    union
    select u.oid, coalesce(r.rngtypid, t.typelem)
    from unwrapped u
    join pg_type t on t.oid = u.part
    left join pg_range r on r.rngmultitypid = t.oid
    where t.typtype = 'm' or t.typsubscript = 'array_subscript_handler'::regproc
)
select t.oid,
       t.typname as name,
       t.typtype::text as kind,
       array(select e.enumlabel::text from pg_enum e where e.enumtypid = t.oid order by e.enumsortorder) as labels,
       case t.typtype
           when 'd' then format_type(t.typbasetype, t.typtypmod)
           when 'r' then format_type(r.rngsubtype, null)
       end as base,
       pg_get_expr(t.typdefaultbin, 0) as default,
       t.typnotnull as not_null,
       case
           when t.typtype = 'd' and t.typcollation <> base.typcollation then t.typcollation::regcollation::text
       end as collation,
       coalesce((
           select jsonb_agg(
               jsonb_build_object(
                   'name', con.conname,
                   'expression', pg_get_expr(con.conbin, 0),
                   'is_validated', con.convalidated
               ) order by con.conname
           )
           from pg_constraint con
           where con.contypid = t.oid and con.contype = 'c'
       ), '[]') as checks,
       coalesce((
           select jsonb_agg(
               jsonb_build_object(
                   'name', a.attname,
                   'type', format_type(a.atttypid, a.atttypmod),
                   'collation', case
                       when a.attcollation <> at.typcollation then a.attcollation::regcollation::text
                   end
               ) order by a.attnum
           )
           from pg_attribute a
           join pg_type at on at.oid = a.atttypid
           where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
       ), '[]') as attributes,
       case
           when t.typtype = 'r' then jsonb_strip_nulls(jsonb_build_object(
               'subtype', format_type(r.rngsubtype, null),
               'subtype_opclass', case
                   when oc.opcdefault then null
                   when pg_opclass_is_visible(oc.oid) then quote_ident(oc.opcname)
                   else format('%I.%I', ocn.nspname, oc.opcname)
               end,
               'collation', case when r.rngcollation <> rt.typcollation then r.rngcollation::regcollation::text end,
               'canonical', nullif(r.rngcanonical::oid, 0)::regproc::text,
               'subtype_diff', nullif(r.rngsubdiff::oid, 0)::regproc::text,
               'multirange_type_name', quote_ident(mr.typname)
           ))
           else '{}'
       end as range_options,
       array(
           select distinct n.typname::text
           from unwrapped u
           join mine n on n.oid = u.part
           where u.oid = t.oid
           order by 1
       ) as needs,
       e.extname as extension,
       obj_description(t.oid, 'pg_type') as comment
from mine t
left join pg_type base on base.oid = t.typbasetype
left join pg_range r on r.rngtypid = t.oid
left join pg_type rt on rt.oid = r.rngsubtype
left join pg_type mr on mr.oid = r.rngmultitypid
left join pg_opclass oc on oc.oid = r.rngsubopc
left join pg_namespace ocn on ocn.oid = oc.opcnamespace
left join pg_depend d on d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e'
left join pg_extension e on e.oid = d.refobjid
order by t.typname;
