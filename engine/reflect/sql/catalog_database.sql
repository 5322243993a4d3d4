-- The server, the database, and the schema that stands first on the search path.
select int4in(textout(current_setting('server_version_num'))) as server_version_num,
       pg_encoding_to_char(d.encoding) as encoding,
       d.datname as database,
       current_user::text as reader,
       d.oid as database_oid,
       coalesce(n.oid, 0) as schema_oid,
       coalesce(pg_get_userbyid(n.nspowner), '') as schema_owner,
       exists (
           select from pg_namespace there
           where '"' || replace(there.nspname, '"', '""') || '"' = current_setting('search_path')
               and not has_schema_privilege(there.oid, 'usage')
       ) as is_barred
from pg_database d
left join pg_namespace n on n.nspname = current_schema()
where d.datname = current_database();
