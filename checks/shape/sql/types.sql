-- Types of a schema, row types of tables, arrays and members of extensions left out. needs: types of the schema that it
-- is made of.
with mine as (
    select t.*
    from pg_catalog.pg_type t
    left join pg_catalog.pg_class c on c.oid = t.typrelid
    where t.typnamespace = (select oid from pg_catalog.pg_namespace where nspname = %(schema)s)
        and t.typtype <> 'm' and not (t.typcategory = 'A' and t.typelem <> 0)
        and (t.typtype <> 'c' or c.relkind = 'c')
        and not exists (
            select from pg_catalog.pg_depend e
            where e.classid = 'pg_catalog.pg_type'::regclass and e.objid = t.oid and e.deptype = 'e'
        )
), parts as (
    select t.oid, t.typbasetype as part from mine t where t.typtype = 'd'
    union
    select t.oid, a.atttypid
    from mine t join pg_catalog.pg_attribute a on a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
    where t.typtype = 'c'
    union
    select t.oid, r.rngsubtype from mine t join pg_catalog.pg_range r on r.rngtypid = t.oid
)
select 'type' as kind,
       null::text as of,
       t.typname::text as name,
       pg_catalog.jsonb_build_object(
           'kind', t.typtype,
           'labels', array(
               select e.enumlabel::text from pg_catalog.pg_enum e where e.enumtypid = t.oid order by e.enumsortorder
           ),
           'type', case t.typtype
               when 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod)
               when 'r' then pg_catalog.format_type(r.rngsubtype, null)
           end,
           'home', case
               when b.typnamespace = t.typnamespace and e.extname is null then '' else coalesce(e.extname, n.nspname)
           end,
           'default', pg_catalog.pg_get_expr(t.typdefaultbin, 0),
           'not null', t.typnotnull,
           'collation', case
               when t.typtype = 'd' and t.typcollation <> b.typcollation then t.typcollation::regcollation::text
               when t.typtype = 'r' and r.rngcollation <> 0 then r.rngcollation::regcollation::text
           end,
           'multirange', nullif(r.rngmultitypid::oid, 0)::regtype::text,
           'checks', array(
               select pg_catalog.jsonb_build_object(
                   'name', k.conname, 'expression', pg_catalog.pg_get_expr(k.conbin, 0), 'validated', k.convalidated,
                   'comment', pg_catalog.obj_description(k.oid, 'pg_constraint')
               )
               from pg_catalog.pg_constraint k where k.contypid = t.oid and k.contype = 'c' order by k.conname
           ),
           'attributes', array(
               select pg_catalog.jsonb_build_object(
                   'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
                   'collation', case when a.attcollation <> y.typcollation then a.attcollation::regcollation::text end,
                   'comment', pg_catalog.col_description(t.typrelid, a.attnum)
               )
               from pg_catalog.pg_attribute a
               join pg_catalog.pg_type y on y.oid = a.atttypid
               where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
               order by a.attnum
           ),
           'operator class', case when not o.opcdefault then o.opcname end,
           'range functions', case when t.typtype = 'r' then array[
               nullif(r.rngcanonical::oid, 0)::regproc::text, nullif(r.rngsubdiff::oid, 0)::regproc::text
           ] end,
           'comment', pg_catalog.obj_description(t.oid, 'pg_type'),
           'owner', pg_catalog.pg_get_userbyid(t.typowner),
           'needs', array(
               select distinct n.typname::text
               from parts p
               join pg_catalog.pg_type y on y.oid = p.part
               join mine n on n.oid = case when y.typcategory = 'A' and y.typelem <> 0 then y.typelem else y.oid end
               where p.oid = t.oid order by 1
           ),
           'functions', array(
               select p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')'
               from pg_catalog.pg_depend u
               join pg_catalog.pg_proc p on p.oid = u.refobjid
               where u.refclassid = 'pg_catalog.pg_proc'::regclass and p.pronamespace = t.typnamespace
                   and (u.classid = 'pg_catalog.pg_type'::regclass and u.objid = t.oid
                       or u.classid = 'pg_catalog.pg_constraint'::regclass
                       and u.objid in (select k.oid from pg_catalog.pg_constraint k where k.contypid = t.oid))
               order by 1
           )
       ) as says
from mine t
left join pg_catalog.pg_type b on b.oid = t.typbasetype
left join pg_catalog.pg_namespace n on n.oid = b.typnamespace
left join pg_catalog.pg_depend x
    on x.classid = 'pg_catalog.pg_type'::regclass and x.objid = b.oid and x.deptype = 'e'
left join pg_catalog.pg_extension e on e.oid = x.refobjid
left join pg_catalog.pg_range r on r.rngtypid = t.oid
left join pg_catalog.pg_opclass o on o.oid = r.rngsubopc
order by t.typname
