-- Version 18: that a server could not ask, for want of memory, of room or of a lock, is no answer about the value.

create or replace function migration.is_valid(value text, type_name text) returns boolean language plpgsql as $$
begin
    execute pg_catalog.format('select %L::%s', value, type_name);
    return true;
exception when others then
    if pg_catalog.left(sqlstate, 2) in ('08', '40', '53', '57', '58') or sqlstate in ('55P03', 'XX001', 'XX002') then
        raise;
    end if;
    return false;
end
$$;

insert into migration.version (version) values (18);
