-- Where the rows of each table lie: the table itself, or the leaves of a partitioned one.
-- The estimate is the planner's: the last known density times the pages of now. A table never analysed
-- (reltuples -1) gets the density of its column widths, 32 bytes for each that varies.
with roots as (
    select oid, relkind
    from pg_class
    where relnamespace = (select oid from pg_namespace where nspname = current_schema())
        and relkind in ('r', 'p', 'f')
), heaps as (
    select r.oid as root, r.oid as heap from roots r where r.relkind <> 'p'
    union all
    select r.oid, t.relid::oid from roots r cross join pg_partition_tree(r.oid) t where r.relkind = 'p'
), sizes as (
    select h.root,
           c.oid,
           n.nspname as schema,
           c.relname as name,
           c.relfilenode::bigint as relfilenode,
           c.reltuples,
           c.relpages,
           case
               when c.relkind in ('r', 'm')
                   then coalesce(pg_relation_size(c.oid), 0) / int8in(textout(current_setting('block_size')))
               else 0
           end as pages,
           coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0) / int8in(textout(current_setting('block_size'))) as toast_pages,
           (
               select coalesce(sum(case when a.attlen > 0 then a.attlen else 32 end), 0)
               from pg_attribute a
               where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
           ) as width
    from heaps h
    join pg_class c on c.oid = h.heap
    join pg_namespace n on n.oid = c.relnamespace
    where c.relkind <> 'p'
)
select root,
       oid,
       schema,
       name,
       relfilenode,
       pages,
       toast_pages,
       case
           when reltuples >= 0 and relpages > 0 and pages > 0 then reltuples / relpages * pages
           when pages > 0 then pages * (int8in(textout(current_setting('block_size'))) - 24) / (width + 28)
           else greatest(reltuples, 0)
       end::bigint as rows
from sizes
order by root, schema, name;
