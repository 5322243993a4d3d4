-- Roles that no grant binds: superusers who have a session in this database that is none of ours (%(ours)s: what our
-- applications' names begin with), and everybody who may act as pg_write_all_data.
select r.rolname::text, true as is_superuser, array_agg(distinct format('%%s %%s', a.pid, a.application_name))
from pg_stat_activity a join pg_roles r on r.oid = a.usesysid
where r.rolsuper and a.datname = current_database() and a.pid <> pg_backend_pid()
  and not starts_with(a.application_name, %(ours)s)
  and not exists (select from pg_stat_replication s where s.pid = a.pid)
group by r.rolname
union all
select r.rolname::text, false, '{}' from pg_roles r
where r.rolcanlogin and not r.rolsuper and pg_has_role(r.oid, 'pg_write_all_data', 'member')
order by 1
