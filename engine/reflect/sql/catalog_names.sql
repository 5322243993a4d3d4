-- What the body of a function may name: relations, sequences, functions and types of the schema.
with here as (
    select oid from pg_namespace where nspname = current_schema()
)
select case relkind when 'S' then 'sequence' else 'relation' end as kind, relname as name
from pg_class
where relnamespace = (select oid from here) and relkind in ('r', 'p', 'f', 'v', 'm', 'S')
union
select 'schema', current_schema()
union
-- An extension's overload of PostgreSQL's own function (citext has some) is not what a name by itself means.
select 'function', proname from pg_proc p
where pronamespace = (select oid from here)
    and not (
        exists (select from pg_depend where classid = 'pg_proc'::regclass and objid = p.oid and deptype = 'e')
        and exists (
            select from pg_proc own
            where own.pronamespace = 'pg_catalog'::regnamespace and own.proname = p.proname
        )
    )
union
select 'type', t.typname
from pg_type t
left join pg_class c on c.oid = t.typrelid
where t.typnamespace = (select oid from here)
    and (t.typtype in ('e', 'd', 'r') or c.relkind = 'c');
