-- Of a schema that may not be looked into what else stands in the way: tables and sequences that may not be read, and
-- tables whose rows policies would hide. Where the schema may be looked into, the other statements tell of each.
with things as (
    select c.relname as name,
           case c.relkind when 'S' then 'sequence' else 'table' end as kind,
           case c.relkind when 'S' then has_sequence_privilege(c.oid, 'SELECT')
                          else has_table_privilege(c.oid, 'SELECT') end as has_select,
           c.relkind <> 'S' and row_security_active(c.oid) as is_filtered,
           c.relforcerowsecurity as is_security_forced,
           pg_get_userbyid(c.relowner) as owner
    from pg_namespace n
    join pg_class c on c.relnamespace = n.oid
    where '"' || replace(n.nspname, '"', '""') || '"' = current_setting('search_path')
        and not has_schema_privilege(n.oid, 'usage')
        and c.relkind in ('r', 'p', 'S')
        and not exists (select from pg_depend d
                        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
)
select kind, name, has_select, is_filtered, is_security_forced, owner
from things
where is_filtered or not has_select
order by name;
