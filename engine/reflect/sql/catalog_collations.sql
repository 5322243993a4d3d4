-- Collations of the schema. locale: of ICU and of PostgreSQL's own provider; the version is the server's, and left out.
select c.collname as name,
       c.collprovider::text as provider,
       coalesce(
           to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale',
           case when c.collprovider = 'i' then c.collcollate::text end -- before PostgreSQL 15
       ) as locale,
       case when c.collprovider = 'c' then c.collcollate::text end as lc_collate,
       case when c.collprovider = 'c' then c.collctype::text end as lc_ctype,
       c.collisdeterministic as is_deterministic,
       to_jsonb(c) ->> 'collicurules' as rules,
       obj_description(c.oid, 'pg_collation') as comment
from pg_collation c
where c.collnamespace = (select oid from pg_namespace where nspname = current_schema())
    and c.collencoding in (-1, (select encoding from pg_database where datname = current_database()))
    and not exists (
        select from pg_depend d where d.classid = 'pg_collation'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
order by c.collname;
