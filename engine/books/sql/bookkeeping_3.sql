-- Version 3 of schema migration: a person may have to approve a build before it is published. The gate `approval` waits
-- for a decision; the first one counts, and stands in the gate's own row: who, when and why.

alter table migration.gates drop constraint gates_state_check;
alter table migration.gates add constraint gates_state_check
    check (state in ('passed', 'failed', 'error', 'awaiting'));

-- Whether a person has to approve what this run builds; once wanted, it holds for every attempt at the run.
alter table migration.runs add column approval boolean not null default false;

insert into migration.version (version) values (3);
