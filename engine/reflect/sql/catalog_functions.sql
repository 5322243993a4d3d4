-- Functions, procedures and aggregates of the schema. The definition loses the schema before its name, which PostgreSQL
-- always writes. needs: what PostgreSQL itself recorded (signature, BEGIN ATOMIC bodies); body: text to be searched.
with mine as (
    select p.*, n.nspname
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = current_schema()
        and not exists (
            -- the constructors that come with a range type
            select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i'
        )
), parts as (
    -- a multirange comes with its range
    select p.oid, d.refclassid, d.refobjid,
           case when d.refclassid = 'pg_type'::regclass then coalesce(r.rngtypid, d.refobjid) end as type
    from mine p
    join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'n'
    left join pg_range r on d.refclassid = 'pg_type'::regclass and r.rngmultitypid = d.refobjid
), needs as (
    select p.oid,
           case
               when tc.relkind <> 'c' then 'relation ' || tc.relname
               when t.oid is not null then 'type ' || coalesce(element.typname, t.typname)
               when c.relkind = 'S' then 'sequence ' || c.relname
               when c.oid is not null then 'relation ' || c.relname
               when f.oid is not null then 'function ' || f.proname
               when p.refclassid not in ('pg_language'::regclass, 'pg_namespace'::regclass, 'pg_extension'::regclass)
                   then o.type || ' ' || o.identity
           end as need
    from parts p
    cross join lateral pg_identify_object(p.refclassid, p.refobjid, 0) o
    left join pg_type t on t.oid = p.type
    left join pg_type element on element.oid = t.typelem and element.typarray = t.oid
    left join pg_class tc on tc.oid = coalesce(element.typrelid, t.typrelid)
    left join pg_class c on p.refclassid = 'pg_class'::regclass and c.oid = p.refobjid
    left join pg_proc f on p.refclassid = 'pg_proc'::regclass and f.oid = p.refobjid
)
select p.oid,
       p.proname as name,
       pg_get_function_identity_arguments(p.oid) as arguments,
       l.lanname as language,
       p.prokind::text as kind,
       case
           when p.prokind <> 'a'
               then format('CREATE OR REPLACE %s %I', head.kind, p.proname) || substr(d.text, length(head.text) + 1)
       end as definition,
       array(select distinct n.need from needs n where n.oid = p.oid and n.need is not null order by 1) as needs,
       coalesce(p.proargnames, '{}') as argument_names,
       case when p.prosqlbody is null then p.prosrc else '' end as body,
       p.prosecdef as is_definer,
       l.lanpltrusted as is_trusted,
       e.extname as extension,
       obj_description(p.oid, 'pg_proc') as comment
from mine p
join pg_language l on l.oid = p.prolang
cross join lateral (
    select case when p.prokind <> 'a' then pg_get_functiondef(p.oid) end as text
) d
cross join lateral (
    select k.kind, format('CREATE OR REPLACE %s %I.%I', k.kind, p.nspname, p.proname) as text
    from (select case when p.prokind = 'p' then 'PROCEDURE' else 'FUNCTION' end as kind) k
) head
left join pg_depend m on m.classid = 'pg_proc'::regclass and m.objid = p.oid and m.deptype = 'e'
left join pg_extension e on e.oid = m.refobjid
order by p.proname, arguments;
