-- Every privilege granted on the schema, on its relations and on their columns; an empty grantee is PUBLIC.
with here as (
    select oid, nspname, nspacl from pg_namespace where nspname = current_schema()
), acls as (
    select 'schema' as kind, nspname as name, null::name as column_name, nspacl as acl from here
    union all
    select case c.relkind when 'S' then 'sequence' else 'table' end, c.relname, null, c.relacl
    from pg_class c
    where c.relnamespace = (select oid from here) and c.relkind in ('r', 'p', 'f', 'v', 'm', 'S')
    union all
    select 'column', c.relname, a.attname, a.attacl
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attacl is not null
    where c.relnamespace = (select oid from here)
)
select a.kind,
       a.name,
       a.column_name as column,
       case g.grantee when 0 then '' else pg_get_userbyid(g.grantee) end as grantee,
       g.privilege_type as privilege,
       g.is_grantable
from acls a
cross join lateral aclexplode(a.acl) g
order by 1, 2, 3, 4, 5;
