-- What is no data and is not migrated, with the statement that made it.
with relations as (
    select c.oid, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.reloptions
    from pg_class c
    where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
        and c.relkind in ('r', 'p', 'f', 'v', 'm')
        and not exists (
            select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
        )
)
select case relkind when 'v' then 'view' else 'materialized view' end as kind,
       relname as name,
       null as table,
       format(
           'CREATE %s %I%s AS%s%s',
           case relkind when 'v' then 'VIEW' else 'MATERIALIZED VIEW' end,
           relname,
           ' WITH (' || array_to_string(reloptions, ', ') || ')',
           chr(10),
           pg_get_viewdef(oid, true)
       ) as definition
from relations
where relkind in ('v', 'm')
union all
select 'trigger', t.tgname, r.relname, pg_get_triggerdef(t.oid, true)
from pg_trigger t
join relations r on r.oid = t.tgrelid
where not t.tgisinternal and t.tgparentid = 0
union all
select 'rule', w.rulename, r.relname, pg_get_ruledef(w.oid, true)
from pg_rewrite w
join relations r on r.oid = w.ev_class
where w.rulename <> '_RETURN'
union all
select 'row security', r.relname, r.relname,
       format('ALTER TABLE %I %s ROW LEVEL SECURITY', r.relname, w.what)
from relations r
cross join lateral (
    select 'ENABLE' as what where r.relrowsecurity union all select 'FORCE' where r.relforcerowsecurity
) w
union all
select 'policy', p.polname, r.relname,
       format('CREATE POLICY %I ON %I', p.polname, r.relname)
       || case when p.polpermissive then '' else ' AS RESTRICTIVE' end
       || case p.polcmd
           when 'r' then ' FOR SELECT' when 'a' then ' FOR INSERT' when 'w' then ' FOR UPDATE' when 'd' then ' FOR DELETE'
           else ''
       end
       || ' TO ' || (
           select string_agg(case role when 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(role)) end, ', ')
           from unnest(p.polroles) role
       )
       || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
       || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')
from pg_policy p
join relations r on r.oid = p.polrelid
union all
select 'statistics', s.stxname, r.relname, pg_get_statisticsobjdef(s.oid)
from pg_statistic_ext s
join relations r on r.oid = s.stxrelid
union all
select 'publication', p.pubname, r.relname, format('ALTER PUBLICATION %I ADD TABLE %I', p.pubname, r.relname)
from pg_publication_rel pr
join pg_publication p on p.oid = pr.prpubid
join relations r on r.oid = pr.prrelid
union all
select 'partitioning', r.relname, r.relname, 'PARTITION BY ' || pg_get_partkeydef(r.oid)
from relations r
where r.relkind = 'p'
union all
select 'partition', l.relname, r.relname,
       format('CREATE TABLE %I PARTITION OF %I %s', l.relname, r.relname, pg_get_expr(l.relpartbound, l.oid))
from relations r
cross join lateral pg_partition_tree(r.oid) t
join pg_class l on l.oid = t.relid and t.level > 0
where r.relkind = 'p'
union all
select 'storage parameters', r.relname, r.relname,
       format('ALTER TABLE %I SET (%s)', r.relname, array_to_string(o.options, ', '))
from relations r
join pg_class c on c.oid = r.oid
left join pg_class toast on toast.oid = c.reltoastrelid
cross join lateral (
    select c.reloptions || array(select 'toast.' || o from unnest(toast.reloptions) as o) as options
) o
where r.relkind in ('r', 'p') and cardinality(o.options) > 0
union all
select 'unlogged', c.relname, r.relname,
       format('ALTER %s %I SET UNLOGGED', case c.relkind when 'S' then 'SEQUENCE' else 'TABLE' end, c.relname)
from pg_class c
left join relations r on r.oid = c.oid
where c.relnamespace = (select oid from pg_namespace where nspname = current_schema()) and c.relpersistence = 'u'
    and c.relkind in ('r', 'p', 'S')
union all
select 'replica identity', r.relname, r.relname,
       format('ALTER TABLE %I REPLICA IDENTITY %s', r.relname, case c.relreplident
           when 'f' then 'FULL' when 'n' then 'NOTHING'
           else format('USING INDEX %I', (
               select x.relname from pg_index i join pg_class x on x.oid = i.indexrelid
               where i.indrelid = r.oid and i.indisreplident
           ))
       end)
from relations r
join pg_class c on c.oid = r.oid
where r.relkind in ('r', 'p') and c.relreplident <> 'd'
union all
select 'clustering', x.relname, r.relname, format('ALTER TABLE %I CLUSTER ON %I', r.relname, x.relname)
from relations r
join pg_index i on i.indrelid = r.oid and i.indisclustered
join pg_class x on x.oid = i.indexrelid
union all
select 'tablespace', c.relname, r.relname,
       format('ALTER %s %I SET TABLESPACE %I', case when c.oid = r.oid then 'TABLE' else 'INDEX' end, c.relname, s.spcname)
from relations r
left join pg_index i on i.indrelid = r.oid
join pg_class c on c.oid in (r.oid, i.indexrelid)
join pg_tablespace s on s.oid = c.reltablespace
where r.relkind in ('r', 'p', 'm')
group by c.oid, c.relname, r.oid, r.relname, s.spcname
union all
select w.kind, a.attname, c.relname,
       format('ALTER %s %I ALTER COLUMN %s %s', case when c.oid = r.oid then 'TABLE' else 'INDEX' end, c.relname,
              case when c.oid = r.oid then quote_ident(a.attname) else a.attnum::text end, w.what)
from relations r
left join pg_index i on i.indrelid = r.oid
join pg_class c on c.oid in (r.oid, i.indexrelid)
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
cross join lateral (
    select 'column storage' as kind, 'SET STORAGE ' || case a.attstorage
               when 'p' then 'PLAIN' when 'e' then 'EXTERNAL' when 'm' then 'MAIN' else 'EXTENDED'
           end as what
    where a.attstorage <> t.typstorage and c.oid = r.oid
    union all
    select 'column compression', 'SET COMPRESSION ' || case a.attcompression when 'l' then 'lz4' else 'pglz' end
    where a.attcompression <> '' and c.oid = r.oid
    union all
    select 'statistics target', 'SET STATISTICS ' || a.attstattarget
    where a.attstattarget >= 0
    union all
    select 'column options', format('SET (%s)', array_to_string(a.attoptions, ', '))
    where a.attoptions is not null and c.oid = r.oid
) w
where r.relkind in ('r', 'p')
group by w.kind, w.what, c.oid, c.relname, r.oid, r.relname, a.attname, a.attnum
union all
select 'security label', coalesce(a.attname, r.relname), r.relname,
       format('SECURITY LABEL FOR %I ON %s IS %L', l.provider,
              case when a.attname is null then format('TABLE %I', r.relname)
                   else format('COLUMN %I.%I', r.relname, a.attname) end, l.label)
from pg_seclabel l
join relations r on l.classoid = 'pg_class'::regclass and r.oid = l.objoid
left join pg_attribute a on a.attrelid = r.oid and a.attnum = nullif(l.objsubid, 0)
union all
select 'publication', p.pubname, null, format('CREATE PUBLICATION %I FOR ALL TABLES', p.pubname)
from pg_publication p
where p.puballtables
union all
select 'event trigger', e.evtname, null,
       format('CREATE EVENT TRIGGER %I ON %s EXECUTE FUNCTION %s()', e.evtname, e.evtevent, e.evtfoid::regproc)
from pg_event_trigger e
where not exists (
    select from pg_depend d where d.classid = 'pg_event_trigger'::regclass and d.objid = e.oid and d.deptype = 'e'
)
union all
select 'large object', format('%s of the database', count(*)), null,
       '-- Large objects stand in no schema; lo_export writes one to a file, lo_import reads it.'
from pg_largeobject_metadata
having count(*) > 0
order by 1, 3, 2, 4;
