-- Version 2 of schema migration: what stands between a build and its publish, and what a rehearsal certified.
-- Rows of a build are of a schema's oid: a build that is begun anew has another one, and none of these count for it.
-- Nothing here is ever deleted, not even where a run is begun anew.

-- One row per critical check and build. A failed one stays failed, whatever is found later.
create table migration.gates (
    run_id text not null,
    build_oid oid not null,
    check_name text not null,
    kind text not null,
    severity text not null,
    state text not null check (state in ('passed', 'failed', 'error')),
    detail text not null,
    judged_at timestamptz not null default now(),
    primary key (run_id, build_oid, check_name)
);

-- Who let a build pass a closed gate, and why.
create table migration.waivers (
    run_id text not null,
    build_oid oid not null,
    check_name text not null,
    reason text not null check (reason <> ''),
    name text not null check (name <> ''),
    waived_at timestamptz not null default now(),
    role text not null default session_user,        -- of the session; the name is what its user said
    primary key (run_id, build_oid, check_name)
);

-- What a build looked like when it was verified: rows and definition of each of its tables and sequences.
create table migration.seals (
    run_id text not null,
    build_oid oid not null,
    marks jsonb not null,
    sealed_at timestamptz not null default now(),
    primary key (run_id, build_oid)
);

-- One row per dry-run that passed. hash: sha256 of parts as JSON with sorted keys and without blanks.
create table migration.certificates (
    run_id text primary key,
    hash text not null,
    issued_at timestamptz not null default now(),
    source_schema text not null,
    target_schema text not null,
    parts jsonb not null
);

insert into migration.version (version) values (2);
