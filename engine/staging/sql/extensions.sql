-- Extensions that objects of a schema (%(schema)s, its oid) need, as far as the server knows: name, schema.
with members as (
    select d.refobjid as extension, d.classid, d.objid
    from pg_depend d
    where d.deptype = 'e' and d.refclassid = 'pg_extension'::regclass
), brought as (
    select * from members
    union all
    select m.extension, m.classid, t.typarray
    from members m
    join pg_type t on m.classid = 'pg_type'::regclass and t.oid = m.objid and t.typarray <> 0
    union all
    select m.extension, m.classid, r.rngmultitypid
    from members m
    join pg_range r on m.classid = 'pg_type'::regclass and r.rngtypid = m.objid
)
select distinct e.extname::text as name, n.nspname::text as schema
from brought b
join pg_extension e on e.oid = b.extension
join pg_namespace n on n.oid = e.extnamespace
join pg_depend u on u.refclassid = b.classid and u.refobjid = b.objid and u.deptype in ('n', 'a', 'i')
cross join lateral pg_identify_object(u.classid, u.objid, u.objsubid) i
cross join lateral pg_identify_object_as_address(u.classid, u.objid, u.objsubid) a
join pg_namespace own on own.oid = %(schema)s and (
    i.schema = quote_ident(own.nspname) or i.schema is null and a.object_names[1] = own.nspname
)
where not exists (select from members m where m.classid = u.classid and m.objid = u.objid)
order by 1
