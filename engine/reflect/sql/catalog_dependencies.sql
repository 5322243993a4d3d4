-- What defaults, constraints, indexes, collations and types need that PostgreSQL itself lacks: its own objects are
-- pinned and leave no trace in pg_depend, or stand in pg_catalog.
with here as (
    select oid from pg_namespace where nspname = current_schema()
), users as (
    select 'default' as user_kind, c.oid as owner, c.relname as table_name, a.attname as user_name,
           'pg_attrdef'::regclass::oid as classid, ad.oid as objid, null::integer as objsubid
    from pg_attrdef ad
    join pg_class c on c.oid = ad.adrelid and c.relnamespace = (select oid from here) and c.relkind in ('r', 'p', 'f')
    join pg_attribute a on a.attrelid = ad.adrelid and a.attnum = ad.adnum
    union all
    -- PostgreSQL 14 has a generated column itself depend on what its expression needs, as no column's type does
    select 'default', c.oid, c.relname, a.attname, 'pg_class'::regclass, c.oid, a.attnum
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attgenerated <> ''
    where c.relnamespace = (select oid from here) and c.relkind in ('r', 'p', 'f')
    union all
    select 'constraint', c.oid, c.relname, con.conname, 'pg_constraint'::regclass, con.oid, null
    from pg_constraint con
    join pg_class c on c.oid = con.conrelid and c.relnamespace = (select oid from here) and c.relkind in ('r', 'p', 'f')
    where con.contype in ('p', 'u', 'c', 'x')
    union all
    select case when con.oid is null then 'index' else 'constraint' end, c.oid, c.relname,
           coalesce(con.conname, x.relname), 'pg_class'::regclass, i.indexrelid, null
    from pg_index i
    join pg_class x on x.oid = i.indexrelid
    join pg_class c on c.oid = i.indrelid and c.relnamespace = (select oid from here) and c.relkind in ('r', 'p', 'f')
    left join pg_constraint con on con.conindid = i.indexrelid and con.contype in ('p', 'u', 'x')
    union all
    select 'collation', c.oid, c.relname, a.attname, 'pg_class'::regclass, c.oid, a.attnum
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = (select oid from here) and c.relkind in ('r', 'p', 'f')
    union all
    select case t.typtype when 'd' then 'domain default' else 'type' end, t.oid, t.typname, t.typname,
           'pg_type'::regclass, t.oid, null
    from pg_type t
    where t.typnamespace = (select oid from here) and t.typtype in ('d', 'r')
    union all
    select 'type', c.oid, c.relname, c.relname, 'pg_class'::regclass, c.oid, null
    from pg_class c
    where c.relnamespace = (select oid from here) and c.relkind = 'c'
    union all
    select 'domain check', t.oid, t.typname, con.conname, 'pg_constraint'::regclass, con.oid, null
    from pg_constraint con
    join pg_type t on t.oid = con.contypid and t.typnamespace = (select oid from here)
), needed as (
    -- the constructors of a range stand for it, and so does its multirange
    select distinct u.user_kind, u.owner, u.table_name, u.user_name,
           coalesce(made.refclassid, d.refclassid) as refclassid,
           coalesce(r.rngtypid, made.refobjid, d.refobjid) as refobjid
    from users u
    join pg_depend d
        on d.classid = u.classid and d.objid = u.objid and d.deptype in ('n', 'a')
        and (
            u.objsubid is null
            or d.objsubid = u.objsubid and d.deptype = case u.user_kind when 'default' then 'a' else 'n' end
        )
    left join pg_depend made
        on d.refclassid = 'pg_proc'::regclass and made.classid = d.refclassid and made.objid = d.refobjid
        and made.deptype = 'i' and made.refclassid = 'pg_type'::regclass
    left join pg_range r
        on coalesce(made.refclassid, d.refclassid) = 'pg_type'::regclass
        and r.rngmultitypid = coalesce(made.refobjid, d.refobjid)
    where d.refclassid not in ('pg_namespace'::regclass, 'pg_constraint'::regclass, 'pg_am'::regclass)
        and d.refobjid <> u.owner
        and (u.user_kind not in ('collation', 'type') or d.refclassid = 'pg_collation'::regclass)
)
select n.user_kind,
       n.table_name as table,
       n.user_name as user,
       case
           when c.relkind = 'S' then 'sequence'
           when c.relkind = 'c' then 'type'
           when coalesce(c.relkind, tc.relkind) <> 'c' then 'relation'
           when n.refclassid = 'pg_proc'::regclass then 'function'
           else o.type
       end as kind,
       s.nspname as schema,
       coalesce(c.relname, tc.relname, element.typname, t.typname, p.proname, op.oprname, oc.opcname, col.collname,
                tsc.cfgname, tsd.dictname) as name,
       case when p.oid is not null then pg_get_function_identity_arguments(p.oid) end as signature,
       e.extname as extension,
       exists (
           select from pg_cast ca where n.refclassid = 'pg_proc'::regclass and ca.castfunc = n.refobjid
       ) as is_cast
from needed n
cross join lateral pg_identify_object(n.refclassid, n.refobjid, 0) o
left join pg_class c on n.refclassid = 'pg_class'::regclass and c.oid = n.refobjid
left join pg_type t on n.refclassid = 'pg_type'::regclass and t.oid = n.refobjid
left join pg_type element on element.oid = t.typelem and element.typarray = t.oid
left join pg_class tc on tc.oid = coalesce(element.typrelid, t.typrelid)
left join pg_proc p on n.refclassid = 'pg_proc'::regclass and p.oid = n.refobjid
left join pg_operator op on n.refclassid = 'pg_operator'::regclass and op.oid = n.refobjid
left join pg_opclass oc on n.refclassid = 'pg_opclass'::regclass and oc.oid = n.refobjid
left join pg_collation col on n.refclassid = 'pg_collation'::regclass and col.oid = n.refobjid
left join pg_ts_config tsc on n.refclassid = 'pg_ts_config'::regclass and tsc.oid = n.refobjid
left join pg_ts_dict tsd on n.refclassid = 'pg_ts_dict'::regclass and tsd.oid = n.refobjid
join pg_namespace s on s.oid = coalesce(
    c.relnamespace, t.typnamespace, p.pronamespace, op.oprnamespace, oc.opcnamespace, col.collnamespace,
    tsc.cfgnamespace, tsd.dictnamespace
)
left join pg_depend m
    on m.classid = n.refclassid and m.objid = case when element.oid is null then n.refobjid else element.oid end
    and m.deptype = 'e'
left join pg_extension e on e.oid = m.refobjid
where s.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
order by 1, 2, 3, 4, 5, 6, 7;
