-- Keys, foreign keys, checks and exclusions; of the not-null constraints only those that were never validated.
-- Clones that PostgreSQL keeps for partitions (conparentid) are left out.
select con.conrelid as table_oid,
       con.conname as name,
       con.contype::text as kind,
       keys.columns || array(
           -- what the expressions and the predicate of an exclusion read
           select a.attname::text
           from pg_attribute a
           where con.contype = 'x' and a.attrelid = con.conrelid and a.attnum <> all (con.conkey)
               and exists (
                   select
                   from pg_depend d
                   where (d.classid, d.objid) in (
                           ('pg_class'::regclass, con.conindid), ('pg_constraint'::regclass, con.oid)
                       )
                       and d.refclassid = 'pg_class'::regclass and d.refobjid = a.attrelid and d.refobjsubid = a.attnum
               )
           order by a.attnum
       ) as columns,
       pg_get_constraintdef(con.oid) as definition,
       f.relname as ref_table,
       case when f.relnamespace <> c.relnamespace then fn.nspname end as ref_schema,
       ref_keys.columns as ref_columns,
       case when con.contype = 'c' then pg_get_expr(con.conbin, con.conrelid) end as expression,
       con.convalidated as is_validated,
       con.condeferrable as is_deferrable,
       con.confmatchtype = 'f' as is_match_full,
       coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) as nulls_not_distinct,
       obj_description(con.oid, 'pg_constraint') as comment
from pg_constraint con
join pg_class c on c.oid = con.conrelid
left join pg_class f on f.oid = con.confrelid
left join pg_namespace fn on fn.oid = f.relnamespace
left join pg_index i on i.indexrelid = con.conindid and con.contype in ('p', 'u', 'x')
cross join lateral (
    select array(
        select a.attname::text
        from unnest(con.conkey) with ordinality as k (attnum, place)
        join pg_attribute a on a.attrelid = con.conrelid and a.attnum = k.attnum
        order by k.place
    ) as columns
) keys
cross join lateral (
    select array(
        select a.attname::text
        from unnest(con.confkey) with ordinality as k (attnum, place)
        join pg_attribute a on a.attrelid = con.confrelid and a.attnum = k.attnum
        order by k.place
    ) as columns
) ref_keys
where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
    and c.relkind in ('r', 'p', 'f')
    and (con.contype in ('p', 'u', 'f', 'c', 'x') or con.contype = 'n' and not con.convalidated)
    and con.conparentid = 0
order by con.conrelid, con.conname;
