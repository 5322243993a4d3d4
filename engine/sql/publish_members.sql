-- What lives in a schema (%(schema)s, its oid): class and oid, the kind as the server names it, the name fit for SQL.
-- goes_along: a part of another member (a sequence of its column, a partition, statistics), gone when that one goes.
select d.classid as class,
       d.objid as object,
       i.type as kind,
       i.identity as name,
       exists (
           select from pg_depend part
           join pg_depend whole on whole.classid = part.refclassid and whole.objid = part.refobjid
                               and whole.refclassid = d.refclassid and whole.refobjid = d.refobjid
           where part.classid = d.classid and part.objid = d.objid and part.objid <> part.refobjid
             and part.deptype in ('a', 'i', 'P', 'S')
       ) as goes_along,
       exists (
           select from migration.objects o
           where o.schema_oid = d.refobjid and o.class = d.classid and o.object = d.objid
       ) as is_recorded
from pg_depend d, pg_identify_object(d.classid, d.objid, 0) i
where d.refclassid = 'pg_namespace'::regclass
  and d.refobjid = %(schema)s
  and d.classid <> 'pg_default_acl'::regclass
order by i.type, i.identity
