-- Which types that PostgreSQL itself lacks each column uses: as its type, or within arrays, domains, composites, ranges.
with recursive columns as (
    select c.relname as table_name, a.attname as column_name, a.atttypid as type
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
        and c.relkind in ('r', 'p', 'f')
), uses as (
    -- by type and not by column: there are few types
    select distinct type as start, type from columns
    union
    select u.start, part.type
    from uses u
    join pg_type t on t.oid = u.type
    cross join lateral (
        select t.typbasetype as type where t.typtype = 'd'
        union all
        select t.typelem where t.typsubscript = 'array_subscript_handler'::regproc
        union all
        select a.atttypid from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
        union all
        select r.rngsubtype from pg_range r where r.rngtypid = t.oid
        union all
        select r.rngtypid from pg_range r where r.rngmultitypid = t.oid
    ) part
)
select co.table_name as table,
       co.column_name as column,
       n.nspname as schema,
       t.typname as type,
       case when c.relkind <> 'c' then 'row' else t.typtype::text end as kind,
       e.extname as extension
from columns co
join uses u on u.start = co.type
join pg_type t on t.oid = u.type
join pg_namespace n on n.oid = t.typnamespace
left join pg_class c on c.oid = t.typrelid
left join pg_depend d on d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e'
left join pg_extension e on e.oid = d.refobjid
where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
    and t.typtype <> 'm'
    and t.typsubscript is distinct from 'array_subscript_handler'::regproc
order by 1, 2, 3, 4;
