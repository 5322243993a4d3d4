-- Keys, foreign keys, checks and exclusions; of the not-null constraints those that the column alone does not tell: never
-- validated, of a name of their own, or not inherited (PostgreSQL 18 has such). Clones that PostgreSQL keeps for
-- partitions (conparentid) are left out. What an index holds of a constraint stands in catalog_index_parts.
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
       f.relname as ref_table,
       case when f.relnamespace <> c.relnamespace then fn.nspname end as ref_schema,
       ref_keys.columns as ref_columns,
       case when con.contype = 'c' then pg_get_expr(con.conbin, con.conrelid) end as expression,
       con.convalidated as is_validated,
       coalesce(boolin(textout(new.constraint ->> 'conenforced')), true) as is_enforced,
       con.connoinherit and con.contype in ('c', 'n') as is_local,
       coalesce(boolin(textout(new.constraint ->> 'conperiod')), false) as has_period,
       con.condeferrable as is_deferrable,
       con.condeferred as is_deferred,
       con.confmatchtype = 'f' as is_match_full,
       actions.on_update,
       actions.on_delete,
       array(
           select a.attname::text
           from jsonb_array_elements_text(
               case jsonb_typeof(new.constraint -> 'confdelsetcols') when 'array' then new.constraint -> 'confdelsetcols' end
           ) as k (attnum)
           join pg_attribute a on a.attrelid = con.conrelid and a.attnum = k.attnum::integer
       ) as set_columns,
       case when con.contype in ('p', 'u', 'x') then con.conindid end as index_oid,
       obj_description(con.oid, 'pg_constraint') as comment
from pg_constraint con
cross join lateral (select to_jsonb(con) as constraint) as new -- columns that only newer servers have
join pg_class c on c.oid = con.conrelid
left join pg_class f on f.oid = con.confrelid
left join pg_namespace fn on fn.oid = f.relnamespace
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
cross join lateral (
    select max(word) filter (where code = con.confupdtype) as on_update,
           max(word) filter (where code = con.confdeltype) as on_delete
    from (
        values ('r'::"char", 'RESTRICT'), ('c', 'CASCADE'), ('n', 'SET NULL'), ('d', 'SET DEFAULT')
    ) as known (code, word)
    where con.contype = 'f'
) actions
where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
    and c.relkind in ('r', 'p', 'f')
    and (
        con.contype in ('p', 'u', 'f', 'c', 'x')
        or con.contype = 'n' and (
            not con.convalidated or con.connoinherit
            or con.conname <> left(c.relname || '_' || keys.columns[1] || '_not_null', 63)
        )
    )
    and con.conparentid = 0
order by con.conrelid, con.conname;
