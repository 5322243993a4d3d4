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
order by 1, 3, 2, 4;
