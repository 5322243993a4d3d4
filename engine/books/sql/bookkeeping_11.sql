-- Version 11: a chunk is recorded only by the attempt that is under way.

insert into migration.version (version) values (11);

-- Errors unless the run is running, began this attempt at that instant, and the build is its own. The row stays locked to
-- the end of the transaction: another attempt, which changes it, waits until this chunk is in or out.
create function migration.require_attempt(run text, attempt timestamptz) returns boolean language plpgsql as $$
begin
    perform from migration.runs r
    where r.run_id = run and r.started_at = attempt and r.state = 'running'
      and exists (select from migration.schemas s where s.run_id = run and s.kind = 'product' and s.role = 'build')
    for share of r;
    if not found then
        raise exception using
            errcode = 'object_not_in_prerequisite_state',
            message = pg_catalog.format(
                'run %s is no longer under way as this process began it: it has ended, or began anew', run);
    end if;
    return true;
end
$$;
