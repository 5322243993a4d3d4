-- Collations, text search configurations and dictionaries of a schema, members of extensions left out. A collation's
-- version is the server's affair.
with here as (
    select oid from pg_catalog.pg_namespace where nspname = %(schema)s
), found as (
    select 'collation' as kind, l.collname as name, l.tableoid as class, l.oid, l.collowner as owner,
           pg_catalog.jsonb_build_object(
               'provider', l.collprovider,
               'locale', pg_catalog.replace(coalesce(
                   pg_catalog.to_jsonb(l) ->> 'colllocale', pg_catalog.to_jsonb(l) ->> 'colliculocale',
                   case l.collprovider when 'i' then pg_catalog.to_jsonb(l) ->> 'collcollate' end
               ), '_', '-'),
               'order', case l.collprovider when 'c' then l.collcollate end,
               'letters', case l.collprovider when 'c' then l.collctype end,
               'rules', pg_catalog.to_jsonb(l) ->> 'collicurules',
               'deterministic', l.collisdeterministic
           ) as says
    from pg_catalog.pg_collation l
    where l.collnamespace = (select oid from here)
        and l.collencoding in (
            -1, (select encoding from pg_catalog.pg_database where datname = pg_catalog.current_database())
        )
    union all
    select 'text search dictionary', d.dictname, d.tableoid, d.oid, d.dictowner,
           pg_catalog.jsonb_build_object(
               'template', n.nspname || '.' || t.tmplname, 'options', d.dictinitoption
           )
    from pg_catalog.pg_ts_dict d
    join pg_catalog.pg_ts_template t on t.oid = d.dicttemplate
    join pg_catalog.pg_namespace n on n.oid = t.tmplnamespace
    where d.dictnamespace = (select oid from here)
    union all
    select 'text search configuration', c.cfgname, c.tableoid, c.oid, c.cfgowner,
           pg_catalog.jsonb_build_object(
               'parser', n.nspname || '.' || p.prsname,
               'dictionaries', array(
                   -- which dictionaries look at each kind of token, in their order
                   select k.alias || ': ' || pg_catalog.string_agg(m.mapdict::regdictionary::text, ', ' order by m.mapseqno)
                   from pg_catalog.pg_ts_config_map m
                   join pg_catalog.ts_token_type(c.cfgparser) k on k.tokid = m.maptokentype
                   where m.mapcfg = c.oid
                   group by k.alias
                   order by k.alias
               )
           )
    from pg_catalog.pg_ts_config c
    join pg_catalog.pg_ts_parser p on p.oid = c.cfgparser
    join pg_catalog.pg_namespace n on n.oid = p.prsnamespace
    where c.cfgnamespace = (select oid from here)
)
select f.kind,
       null::text as of,
       f.name::text,
       f.says || pg_catalog.jsonb_build_object(
           'comment', (
               select d.description from pg_catalog.pg_description d where (d.classoid, d.objoid) = (f.class, f.oid)
           ),
           'owner', pg_catalog.pg_get_userbyid(f.owner)
       ) as says
from found f
where not exists (
    select from pg_catalog.pg_depend e where e.classid = f.class and e.objid = f.oid and e.deptype = 'e'
)
order by 1, 3
