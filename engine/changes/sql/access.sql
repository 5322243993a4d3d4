-- Tables by name (%(names)s) of a schema (%(schema)s), each with all its partitions: what keeps the session's role from
-- reading them whole, empty where nothing does, and whether it may lock writers out (%(locking)s: a privilege that is
-- enough). A lock on a table asks for no privilege on its partitions.
select c.relname::text,
       coalesce(array_agg(distinct n.nspname::text)
                filter (where not has_schema_privilege(n.oid, 'usage')), '{}') as schemas_closed,
       coalesce(array_agg(format('%%I.%%I', n.nspname, p.relname) order by p.oid)
                filter (where not has_table_privilege(p.oid, 'select')), '{}') as not_readable,
       coalesce(array_agg(format('%%I.%%I', n.nspname, p.relname) order by p.oid)
                filter (where row_security_active(p.oid)), '{}') as filtered,
       bool_and(pg_has_role(p.relowner, 'usage')) as is_owned,
       has_table_privilege(c.oid, %(locking)s) as may_lock,
       current_user::text
from pg_class c
join pg_namespace s on s.oid = c.relnamespace
cross join lateral (
    select c.oid
    union
    select t.relid::oid from pg_partition_tree(c.oid) t where c.relkind = 'p'
) as part
join pg_class p on p.oid = part.oid
join pg_namespace n on n.oid = p.relnamespace
where s.nspname = %(schema)s and c.relname = any(%(names)s) and c.relkind in ('r', 'p')
group by c.oid, c.relname
order by c.relname
