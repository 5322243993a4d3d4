-- Everything else that stands in a schema or on its tables: of each only that it is there.
with here as (
    select oid from pg_catalog.pg_namespace where nspname = %(schema)s
), relations as (
    select c.oid, c.relname, c.relkind
    from pg_catalog.pg_class c
    where c.relnamespace = (select oid from here)
        and not exists (
            select from pg_catalog.pg_depend e
            where e.classid = 'pg_catalog.pg_class'::regclass and e.objid = c.oid and e.deptype = 'e'
        )
), found as (
    select 'trigger' as kind, r.relname::text as of, t.tgname::text as name
    from pg_catalog.pg_trigger t join relations r on r.oid = t.tgrelid where not t.tgisinternal
    union all
    select 'rule', r.relname::text, w.rulename::text
    from pg_catalog.pg_rewrite w join relations r on r.oid = w.ev_class where r.relkind not in ('v', 'm')
    union all
    select 'policy', r.relname::text, p.polname::text
    from pg_catalog.pg_policy p join relations r on r.oid = p.polrelid
    union all
    select 'statistics', r.relname::text, s.stxname::text
    from pg_catalog.pg_statistic_ext s join relations r on r.oid = s.stxrelid
    union all
    -- of the table itself or of its schema; one of all tables is the database's own
    select 'publication', t.tablename::text, t.pubname::text
    from pg_catalog.pg_publication_tables t
    join pg_catalog.pg_publication p on p.pubname = t.pubname and not p.puballtables
    where t.schemaname = %(schema)s
    union all
    -- casts from and to types of the schema, which change what is stored or read without a word
    select 'cast', null, pg_catalog.format_type(k.castsource, null) || ' as ' || pg_catalog.format_type(k.casttarget, null)
    from pg_catalog.pg_cast k
    where exists (
            select from pg_catalog.pg_type t
            where t.oid in (k.castsource, k.casttarget) and t.typnamespace = (select oid from here)
        )
        and not exists (
            -- what comes with an extension, or with a range
            select from pg_catalog.pg_depend e
            where e.classid = 'pg_catalog.pg_cast'::regclass and e.objid = k.oid and e.deptype in ('e', 'i')
        )
    union all
    select 'security label', case when r.relkind in ('r', 'p') then r.relname::text end,
           l.provider || ' on ' || r.relname || coalesce('.' || a.attname, '')
    from pg_catalog.pg_seclabel l
    join relations r on l.classoid = 'pg_catalog.pg_class'::regclass and r.oid = l.objoid
    left join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum = nullif(l.objsubid, 0)
    union all
    -- operators, parsers of texts and the like, by their dependency on the schema
    select o.type, null, coalesce(o.name, o.identity)
    from pg_catalog.pg_depend d
    cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, 0) o
    where d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid = (select oid from here) and d.deptype = 'n'
        and d.classid not in (
            'pg_catalog.pg_class'::regclass, 'pg_catalog.pg_type'::regclass, 'pg_catalog.pg_proc'::regclass,
            'pg_catalog.pg_statistic_ext'::regclass, 'pg_catalog.pg_default_acl'::regclass,
            'pg_catalog.pg_extension'::regclass, 'pg_catalog.pg_collation'::regclass,
            'pg_catalog.pg_ts_config'::regclass, 'pg_catalog.pg_ts_dict'::regclass
        )
        and not exists (
            select from pg_catalog.pg_depend e
            where e.classid = d.classid and e.objid = d.objid and e.deptype in ('e', 'i')
        )
)
select distinct kind, of, name, '{}'::jsonb as says from found order by 1, 2, 3
