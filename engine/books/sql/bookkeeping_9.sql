-- Version 9 of schema migration: whether a text is a value of a type is asked in pg_catalog's own words, for the schemas
-- of others are on the path of whoever asks.

create or replace function migration.is_valid(value text, type_name text) returns boolean language plpgsql as $$
begin
    execute pg_catalog.format('select %L::%s', value, type_name);
    return true;
exception when others then
    return false;
end
$$;

insert into migration.version (version) values (9);
