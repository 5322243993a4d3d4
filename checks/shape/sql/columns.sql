-- Columns of the tables of a schema. home: where the type lives, '' for the schema itself, else an extension or a schema;
-- own type, functions, sequences: what of the schema itself the column needs.
with base as (
    -- the type that an array is made of
    select t.oid, case when t.typcategory = 'A' and t.typelem <> 0 then t.typelem else t.oid end as element
    from pg_catalog.pg_type t
)
select 'column' as kind,
       c.relname::text as of,
       a.attname::text as name,
       pg_catalog.jsonb_build_object(
           'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
           'home', case
               when y.typnamespace = c.relnamespace and e.extname is null then ''
               else coalesce(e.extname, n.nspname)
           end,
           'own type', case when y.typnamespace = c.relnamespace and e.extname is null then y.typname end,
           'dimensions', greatest(a.attndims, 1),
           'not null', a.attnotnull and not exists (
               select from pg_catalog.pg_constraint k
               where k.conrelid = c.oid and k.contype = 'n' and not k.convalidated and k.conkey[1] = a.attnum
           ),
           'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid),
           'collation', case when a.attcollation <> w.typcollation then a.attcollation::regcollation::text end,
           'identity', a.attidentity,
           'generated', a.attgenerated,
           'comment', pg_catalog.col_description(c.oid, a.attnum),
           'storage', nullif(a.attstorage, w.typstorage),
           'compression', nullif(a.attcompression, ''),
           'statistics target', nullif(pg_catalog.to_jsonb(a) ->> 'attstattarget', '-1'),
           'options', a.attoptions::text,
           'functions', array(
               select p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')'
               from pg_catalog.pg_depend u join pg_catalog.pg_proc p on p.oid = u.refobjid
               where a.atthasdef and (
                       u.classid = 'pg_catalog.pg_attrdef'::regclass and u.objid = d.oid
                       -- PostgreSQL 14 has a generated column itself depend on what its expression calls
                       or u.classid = 'pg_catalog.pg_class'::regclass and u.objid = c.oid and u.objsubid = a.attnum
                   )
                   and u.refclassid = 'pg_catalog.pg_proc'::regclass and p.pronamespace = c.relnamespace
               order by 1
           ),
           'sequences', array(
               select s.relname::text
               from pg_catalog.pg_depend u join pg_catalog.pg_class s on s.oid = u.refobjid and s.relkind = 'S'
               where a.atthasdef and u.classid = 'pg_catalog.pg_attrdef'::regclass and u.objid = d.oid
                   and u.refclassid = 'pg_catalog.pg_class'::regclass and s.relnamespace = c.relnamespace
               order by 1
           )
       ) as says
from pg_catalog.pg_class c
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type w on w.oid = a.atttypid
join base b on b.oid = a.atttypid
join pg_catalog.pg_type y on y.oid = b.element
join pg_catalog.pg_namespace n on n.oid = y.typnamespace
left join pg_catalog.pg_depend m
    on m.classid = 'pg_catalog.pg_type'::regclass and m.objid = y.oid and m.deptype = 'e'
left join pg_catalog.pg_extension e on e.oid = m.refobjid
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = %(schema)s)
    and c.relkind in ('r', 'p')
order by c.relname, a.attnum
