-- Version 15: the attempts at cutting over from the old application to the new.

insert into migration.version (version) values (15);

-- One row per attempt that had locked the writers out, or had found them silent; of one that failed before, none.
create table migration.cutovers (
    run_id text not null,
    number integer not null check (number >= 0),
    began timestamptz not null,                     -- when writers began to wait
    seconds double precision not null,              -- for which they waited
    steps jsonb not null,                           -- [step, seconds], in order
    tries integer not null,                         -- for the lock
    outcome text not null check (outcome <> ''),    -- published, or what became of it
    detail text not null,
    primary key (run_id, number)
);
