-- What lives in a schema (%(schema)s, its oid): class and oid, the kind as the server names it, the name fit for SQL.
-- goes_along: a part of another member (a sequence of its column, a partition, statistics), gone when that one goes.
-- %(extensions)s: whether extensions, and what they brought, count.
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
       ) as goes_along
from pg_depend d, pg_identify_object(d.classid, d.objid, 0) i
where d.refclassid = 'pg_namespace'::regclass
  and d.refobjid = %(schema)s
  and d.classid <> 'pg_default_acl'::regclass
  and (%(extensions)s or d.classid <> 'pg_extension'::regclass and not exists (
      select from pg_depend e
      where e.classid = d.classid and e.objid = d.objid and e.objsubid = 0 and e.deptype = 'e'
  ))
order by i.type, i.identity
