-- What goes on writing to these tables (%(tables)s) once their schema (%(schema)s) has another name, because it stands in
-- another schema and knows them by their oids: views that can be written to, functions whose body was parsed as it was
-- made, and the actions of foreign keys whose parent is elsewhere.
select format('view %%I.%%I', n.nspname, v.relname)
from pg_depend d join pg_rewrite w on w.oid = d.objid join pg_class v on v.oid = w.ev_class
join pg_namespace n on n.oid = v.relnamespace
where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
  and d.refobjid::bigint = any(%(tables)s) and v.relkind = 'v' and n.nspname <> %(schema)s
  and pg_relation_is_updatable(v.oid, true) <> 0
union
select format('function %%I.%%I', n.nspname, p.proname)
from pg_depend d join pg_proc p on p.oid = d.objid join pg_namespace n on n.oid = p.pronamespace
where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_class'::regclass
  and d.refobjid::bigint = any(%(tables)s) and p.prosqlbody is not null and n.nspname <> %(schema)s
union
select format('foreign key %%I of %%s, by what is done to %%s', k.conname, k.conrelid::regclass, k.confrelid::regclass)
from pg_constraint k join pg_class p on p.oid = k.confrelid join pg_namespace n on n.oid = p.relnamespace
where k.contype = 'f' and k.conrelid::bigint = any(%(tables)s) and k.confrelid::bigint <> all(%(tables)s)
  and n.nspname <> %(schema)s and (k.confdeltype in ('c', 'n', 'd') or k.confupdtype in ('c', 'n', 'd'))
order by 1
