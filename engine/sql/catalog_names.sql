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
select 'function', proname from pg_proc where pronamespace = (select oid from here)
union
select 'type', t.typname
from pg_type t
left join pg_class c on c.oid = t.typrelid
where t.typnamespace = (select oid from here)
    and (t.typtype in ('e', 'd', 'r') or c.relkind = 'c');
