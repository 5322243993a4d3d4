-- Version 14: what a published schema held when it was put in place, so that a rollback can say what was written to it
-- since; and the rounds in which a build follows its source.

insert into migration.version (version) values (14);

-- A mark (engine.changes.marks) of the product's tables, taken with writers locked out. It goes with the schema, or when
-- another is published over it.
create table migration.marks (
    schema_oid oid primary key references migration.schemas on delete cascade,
    taken_at timestamptz not null default clock_timestamp(),
    mark jsonb not null
);

-- The primary keys that these tables had then, some ten thousand a row, each as its columns' row is written as text.
create table migration.keys (
    schema_oid oid not null references migration.marks on delete cascade,
    table_name text not null,
    number integer not null,
    keys text[] not null,
    primary key (schema_oid, table_name, number)
);
alter table migration.keys alter column keys set storage external;  -- most are random: to compress them only takes time

-- One row per round, written in the transaction that writes the round's rows. found: by table, how many rows were read
-- and how many keys were gone, or why the table was read whole.
create table migration.rounds (
    run_id text not null,
    number integer not null check (number >= 0),
    mark jsonb not null,                            -- of the source
    found jsonb not null,
    seconds double precision not null,
    committed_at timestamptz not null default clock_timestamp(),
    primary key (run_id, number)
);
