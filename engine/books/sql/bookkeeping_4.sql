-- Version 4 of schema migration: what all runs into this database have done, summed up for metrics. One row per series;
-- a value never falls, and outlives the runs that it counts: work that is done again counts again.

create table migration.totals (
    name text not null,                             -- rows, bytes, seconds, rejects, stage_seconds or runs
    labels jsonb not null,                          -- of stages, tables, reasons, profiles; no run, no value of a row
    value double precision not null,
    changed_at timestamptz not null default now(),
    primary key (name, labels)
);

insert into migration.version (version) values (4);
