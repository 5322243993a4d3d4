-- Version 7 of schema migration: the profile that a run began with, and a way to try what a row's value may refuse.

-- The profile's keys and values, as the run began with them; null: an older program began it, which did not say.
alter table migration.runs add column settings jsonb;

-- Runs the statements, all or none. Null if they went well, else the SQLSTATE of an error that a value can cause; any
-- other error is the caller's. A driver whose transaction has failed can do nothing but roll all of it back.
create function migration.tried(statements text[]) returns text language plpgsql as $$
declare
    statement text;
begin
    foreach statement in array statements loop
        execute statement;
    end loop;
    return null;
exception
    when data_exception or integrity_constraint_violation or cardinality_violation or program_limit_exceeded
        or sql_routine_exception or external_routine_exception or external_routine_invocation_exception
        or plpgsql_error or internal_error then
        return sqlstate;
end
$$;

insert into migration.version (version) values (7);
