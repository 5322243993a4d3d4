-- Who may do what in a schema beside the owner of each object and what PUBLIC may do with every function and type.
-- is_given: whether it is what the schema gives new objects of this owner by default.
with here as (
    select * from pg_catalog.pg_namespace where nspname = %(schema)s
), relations as (
    select c.*, case c.relkind when 'S' then 'sequence' else 'table' end as kind
    from pg_catalog.pg_class c
    where c.relnamespace = (select oid from here) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
), entries as (
    select 'schema' as kind, null::text as of, 'the schema' as what, 'n' as class, h.nspowner as owner, a.*
    from here h cross join lateral pg_catalog.aclexplode(h.nspacl) a
    union all
    select r.kind, case when r.relkind in ('r', 'p') then r.relname::text end, r.kind || ' ' || r.relname,
           case r.relkind when 'S' then 'S' else 'r' end, r.relowner, a.*
    from relations r cross join lateral pg_catalog.aclexplode(r.relacl) a
    union all
    select 'column', case when r.relkind in ('r', 'p') then r.relname::text end, 'column ' || r.relname || '.' || t.attname,
           '', r.relowner, a.*
    from relations r
    join pg_catalog.pg_attribute t on t.attrelid = r.oid and not t.attisdropped
    cross join lateral pg_catalog.aclexplode(t.attacl) a
    union all
    select 'function', null, 'function ' || p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')',
           'f', p.proowner, a.*
    from pg_catalog.pg_proc p cross join lateral pg_catalog.aclexplode(p.proacl) a
    where p.pronamespace = (select oid from here) and not (a.grantee = 0 and a.privilege_type = 'EXECUTE')
        and not exists (
            select from pg_catalog.pg_depend e
            where e.classid = 'pg_catalog.pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e'
        )
    union all
    select 'type', null, 'type ' || t.typname, 'T', t.typowner, a.*
    from pg_catalog.pg_type t cross join lateral pg_catalog.aclexplode(t.typacl) a
    where t.typnamespace = (select oid from here) and not (a.grantee = 0 and a.privilege_type = 'USAGE')
        and not exists (
            select from pg_catalog.pg_depend e
            where e.classid = 'pg_catalog.pg_type'::regclass and e.objid = t.oid and e.deptype = 'e'
        )
    union all
    select 'default', null,
           'new ' || case p.defaclobjtype
               when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' else 'types'
           end || ' of ' || pg_catalog.pg_get_userbyid(p.defaclrole),
           '', null, a.*
    from pg_catalog.pg_default_acl p cross join lateral pg_catalog.aclexplode(p.defaclacl) a
    where p.defaclnamespace = (select oid from here)
)
select 'grant' as kind,
       e.of,
       pg_catalog.concat_ws(' ',
           e.privilege_type, 'on', e.what, 'to', coalesce(nullif(e.grantee, 0)::regrole::text, 'PUBLIC'),
           case when e.is_grantable then 'with grant option' end
       ) as name,
       pg_catalog.jsonb_build_object(
           'is public', e.grantee = 0,
           'is reading', e.kind <> 'default' and not e.is_grantable and (
               e.privilege_type = 'SELECT' or e.kind = 'schema' and e.privilege_type = 'USAGE'
           ),
           'is given', exists (
               select from pg_catalog.pg_default_acl p cross join lateral pg_catalog.aclexplode(p.defaclacl) g
               where p.defaclnamespace = (select oid from here) and p.defaclrole = e.owner and p.defaclobjtype = e.class
                   and g.grantee = e.grantee and g.privilege_type = e.privilege_type and g.is_grantable = e.is_grantable
           )
       ) as says
from entries e
where e.grantee is distinct from e.owner
order by 2, 3
