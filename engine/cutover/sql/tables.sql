-- The tables of a schema (%(schema)s; of these %(names)s, all where that is null) with all that inherits from them,
-- wherever that stands, in the order of their oids. An extension's own tables are nobody's to lock. Of each: whether the
-- role may grant and revoke on it, and whether a lock on another one of the list reaches it.
with recursive named as (
    select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = %(schema)s and c.relkind in ('r', 'p')
      and (%(names)s::text[] is null or c.relname = any(%(names)s))
      and not exists (
          select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
), family as (
    select oid from named
    union select i.inhrelid from pg_inherits i join family f on f.oid = i.inhparent
)
select c.oid::bigint, n.nspname::text, c.relname::text, pg_get_userbyid(c.relowner)::text,
       pg_has_role(c.relowner, 'usage') as is_ours,
       exists (select from pg_inherits i join family f on f.oid = i.inhparent where i.inhrelid = c.oid) as is_reached
from family join pg_class c on c.oid = family.oid join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p')
order by c.oid
