-- Who may write to these tables (%(tables)s), grant by grant: to a table, or to single columns. A grantee that is null is
-- PUBLIC. A table that was never granted has no list; its owner may do all.
select c.oid::bigint, n.nspname::text, c.relname::text, null as column_name, pg_get_userbyid(c.relowner)::text,
       pg_get_userbyid(g.grantor)::text, case when g.grantee <> 0 then pg_get_userbyid(g.grantee)::text end,
       g.privilege_type, g.is_grantable
from pg_class c join pg_namespace n on n.oid = c.relnamespace
cross join lateral aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) as g
where c.oid::bigint = any(%(tables)s) and g.privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
union all
select c.oid::bigint, n.nspname::text, c.relname::text, a.attname::text, pg_get_userbyid(c.relowner)::text,
       pg_get_userbyid(g.grantor)::text, case when g.grantee <> 0 then pg_get_userbyid(g.grantee)::text end,
       g.privilege_type, g.is_grantable
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
cross join lateral aclexplode(a.attacl) as g
where c.oid::bigint = any(%(tables)s) and not a.attisdropped and g.privilege_type in ('INSERT', 'UPDATE')
order by 1, 4 nulls first, 6, 7, 8
