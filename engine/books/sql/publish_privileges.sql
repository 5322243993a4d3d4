-- Who may do what in a schema (%(schema)s, its oid), one row per privilege; the owner's own are understood.
-- kind: schema | table | sequence | routine | type | column | default; grantee null: PUBLIC. A default's name is its kind
-- of object, its part the role that makes them; other names are fit for SQL behind the schema's.
with relations as (
    select c.oid, quote_ident(c.relname) as name, c.relowner, c.relacl,
           case c.relkind when 'S' then 'sequence' else 'table' end as kind
    from pg_class c
    where c.relnamespace = %(schema)s and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
),
entries as (
    select 'schema' as kind, null::text as name, null::text as part, nspowner as owner, a.*
    from pg_namespace, aclexplode(nspacl) a where oid = %(schema)s
    union all
    select kind, name, null, relowner, a.* from relations, aclexplode(relacl) a
    union all
    select 'routine', format('%%I(%%s)', proname, pg_get_function_identity_arguments(oid)), null, proowner, a.*
    from pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) a
    where pronamespace = %(schema)s and prokind <> 'a'
    union all
    select 'type', quote_ident(typname), null, typowner, a.*
    from pg_type, aclexplode(coalesce(typacl, acldefault('T', typowner))) a
    where typnamespace = %(schema)s
    union all
    select 'column', r.name, t.attname::text, r.relowner, a.*
    from relations r join pg_attribute t on t.attrelid = r.oid and not t.attisdropped, aclexplode(t.attacl) a
    union all
    select 'default', defaclobjtype::text, defaclrole::regrole::text, null, a.*
    from pg_default_acl, aclexplode(defaclacl) a where defaclnamespace = %(schema)s
)
select kind, name, part, nullif(e.grantee, 0)::regrole::text as grantee, privilege_type as privilege,
       bool_or(is_grantable) as is_grantable
from entries e
where e.grantee is distinct from e.owner
group by kind, name, part, e.grantee, privilege_type
order by kind, name, part, e.grantee, privilege_type
