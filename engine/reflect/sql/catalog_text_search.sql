-- Dictionaries and configurations for text search of the schema. base: a dictionary's template, a configuration's parser;
-- mappings: of a configuration, which dictionaries look at each kind of token; needs: dictionaries of the schema.
with here as (
    select oid from pg_namespace where nspname = current_schema()
)
select 'dictionary' as kind,
       d.dictname as name,
       format('%I.%I', n.nspname, t.tmplname) as base,
       d.dictinitoption as options,
       '[]'::jsonb as mappings,
       '{}'::text[] as needs,
       obj_description(d.oid, 'pg_ts_dict') as comment
from pg_ts_dict d
join pg_ts_template t on t.oid = d.dicttemplate
join pg_namespace n on n.oid = t.tmplnamespace
where d.dictnamespace = (select oid from here)
    and not exists (
        select from pg_depend e where e.classid = 'pg_ts_dict'::regclass and e.objid = d.oid and e.deptype = 'e'
    )
union all
select 'configuration',
       c.cfgname,
       format('%I.%I', n.nspname, p.prsname),
       null,
       coalesce((
           select jsonb_agg(jsonb_build_array(token.alias, token.dictionaries) order by token.alias)
           from (
               select k.alias,
                      jsonb_agg(m.mapdict::regdictionary::text order by m.mapseqno) as dictionaries
               from pg_ts_config_map m
               join ts_token_type(c.cfgparser) k on k.tokid = m.maptokentype
               where m.mapcfg = c.oid
               group by k.alias
           ) as token
       ), '[]'),
       array(
           select distinct d.dictname::text
           from pg_ts_config_map m
           join pg_ts_dict d on d.oid = m.mapdict and d.dictnamespace = (select oid from here)
           where m.mapcfg = c.oid
           order by 1
       ),
       obj_description(c.oid, 'pg_ts_config')
from pg_ts_config c
join pg_ts_parser p on p.oid = c.cfgparser
join pg_namespace n on n.oid = p.prsnamespace
where c.cfgnamespace = (select oid from here)
    and not exists (
        select from pg_depend e where e.classid = 'pg_ts_config'::regclass and e.objid = c.oid and e.deptype = 'e'
    )
order by 1 desc, 2;
