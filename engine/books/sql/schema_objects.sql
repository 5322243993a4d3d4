-- What of a schema (%(schema)s, its oid) can be granted, one row per object: kind (table | sequence | routine | type), name
-- fit for SQL behind the schema's, owner, whether a column owns it (such a sequence has its table's owner and takes no
-- other), whether our role may grant and revoke.
with objects as (
    select c.oid, case c.relkind when 'S' then 'sequence' else 'table' end as kind, quote_ident(c.relname) as name,
           c.relowner as owner,
           exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
                   and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')) as is_owned_by_column
    from pg_class c
    where c.relnamespace = %(schema)s and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    union all
    select p.oid, 'routine', format('%%I(%%s)', p.proname, pg_get_function_identity_arguments(p.oid)), p.proowner, false
    from pg_proc p
    where p.pronamespace = %(schema)s and p.prokind <> 'a'
    union all
    select t.oid, 'type', quote_ident(t.typname), t.typowner, false
    from pg_type t left join pg_class c on c.oid = t.typrelid
    where t.typnamespace = %(schema)s and t.typcategory <> 'A' and t.typtype <> 'm'
      and (c.oid is null or c.relkind = 'c')
)
select kind, name, owner::regrole::text as owner, is_owned_by_column, pg_has_role(owner, 'usage') as is_ours
from objects
