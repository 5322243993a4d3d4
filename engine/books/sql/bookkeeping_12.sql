-- Version 12: a person can have a run hold still.

insert into migration.version (version) values (12);

create table migration.pauses (
    run_id text not null,
    asked_at timestamptz not null default clock_timestamp(),
    asked_by text not null,
    ended_at timestamptz,
    ended_by text,
    primary key (run_id, asked_at),
    check ((ended_at is null) = (ended_by is null))
);
create unique index pauses_under_way on migration.pauses (run_id) where ended_at is null;
