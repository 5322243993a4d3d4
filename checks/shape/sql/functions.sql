-- Functions, procedures and aggregates of a schema, members of extensions and what comes with a range type left out.
select 'function' as kind,
       null::text as of,
       p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' as name,
       pg_catalog.jsonb_build_object(
           'kind', p.prokind,
           'arguments', pg_catalog.pg_get_function_arguments(p.oid),
           'result', pg_catalog.pg_get_function_result(p.oid),
           'language', l.lanname,
           'body', case when p.prokind in ('f', 'p') and p.prosqlbody is not null
               then pg_catalog.pg_get_function_sqlbody(p.oid) else p.prosrc end,
           'volatility', p.provolatile,
           'strict', p.proisstrict,
           'security definer', p.prosecdef,
           'leakproof', p.proleakproof,
           'parallel', p.proparallel,
           'cost', p.procost,
           'rows', p.prorows,
           'settings', p.proconfig::text,
           'comment', pg_catalog.obj_description(p.oid, 'pg_proc'),
           'owner', pg_catalog.pg_get_userbyid(p.proowner),
           'functions', array(
               select o.proname || '(' || pg_catalog.pg_get_function_identity_arguments(o.oid) || ')'
               from pg_catalog.pg_proc o
               where o.pronamespace = p.pronamespace and o.oid <> p.oid
                   and p.prosrc ~ ('\m' || pg_catalog.regexp_replace(o.proname, '([^[:alnum:]_])', '\\\1', 'g') || '\M')
               order by 1
           )
       ) as says
from pg_catalog.pg_proc p
join pg_catalog.pg_language l on l.oid = p.prolang
where p.pronamespace = (select oid from pg_catalog.pg_namespace where nspname = %(schema)s)
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype in ('e', 'i')
    )
order by 3
