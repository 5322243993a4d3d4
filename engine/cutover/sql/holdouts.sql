-- Who holds a lock on one of these tables (%(tables)s) in one of these modes (%(modes)s), a transaction a row. Of other
-- roles' sessions the server tells everybody process, role and application; state and age to pg_read_all_stats alone. A
-- prepared transaction has no process, but the lock on its own number; a process of the server's own has no role.
select l.virtualtransaction, l.pid, coalesce(a.usename::text, x.owner::text), nullif(a.application_name, ''), a.state,
       extract(epoch from clock_timestamp() - coalesce(a.xact_start, x.prepared))::float8, x.gid,
       l.pid is not null and a.usesysid is null as is_of_server,
       array_agg(distinct l.relation::bigint), array_agg(distinct format('%%I.%%I', n.nspname, c.relname))
from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
left join pg_stat_activity a on a.pid = l.pid
left join pg_locks own on own.locktype = 'transactionid' and own.virtualtransaction = l.virtualtransaction
    and own.pid is null and l.pid is null and own.granted
left join pg_prepared_xacts x on x.transaction = own.transactionid
where l.granted and l.locktype = 'relation' and l.relation::bigint = any(%(tables)s) and l.mode = any(%(modes)s)
  and l.database = (select oid from pg_database where datname = current_database())
  and l.pid is distinct from pg_backend_pid()
group by l.virtualtransaction, l.pid, a.usename, x.owner, a.application_name, a.state, a.xact_start, x.prepared, x.gid,
         a.usesysid
order by coalesce(a.xact_start, x.prepared), l.pid
