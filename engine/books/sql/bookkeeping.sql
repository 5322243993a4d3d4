-- What the migrations of this database have done: version 1 of schema migration.
-- Operators may read everything here. It holds personal data (rejects, removed links), so nobody else may.

create schema migration;
comment on schema migration is 'nxtgauge-migrate: bookkeeping of its runs';

create table migration.version (
    version integer not null,
    installed_at timestamptz not null default now()
);
insert into migration.version (version) values (1);

-- One row per run. created_at is the instant that stands in for times nowhere recorded; a resumed run keeps it.
create table migration.runs (
    run_id text primary key,
    state text not null check (state in
        ('running', 'failed', 'interrupted', 'built', 'published', 'discarded', 'rolled_back')),
    created_at timestamptz not null default now(),
    started_at timestamptz not null default now(),  -- of the latest attempt
    finished_at timestamptz,
    profile text not null,
    source_schema text not null,
    target_schema text not null,
    dry_run boolean not null,
    source_identity jsonb not null,
    mapping_hash text not null,
    plan_hash text not null,
    code_version text not null,
    snapshot text,                                  -- pg_current_snapshot of the source
    error text
);

-- One row per legacy table and run. source_rows and loaded are counted apart from the chunks.
create table migration.tables (
    run_id text not null,
    legacy_table text not null,
    disposition text not null,
    files text,                                     -- to tell on resume whether the table was rewritten
    source_rows bigint,
    loaded bigint,
    archived bigint,
    primary key (run_id, legacy_table)
);

-- The ledger: a chunk's row is written in the transaction that writes its data.
create table migration.chunks (
    run_id text not null,
    route text not null,
    number integer not null,
    state text not null check (state in ('done')),
    first_page bigint,
    last_page bigint,
    rows_read bigint not null,
    rejected bigint not null default 0,
    merged bigint not null default 0,
    archived bigint not null default 0,
    seconds double precision not null,
    bytes bigint not null default 0,
    committed_at timestamptz not null default now(),
    primary key (run_id, route, number)
);

-- What a run has completed, for its resumption.
create table migration.steps (
    run_id text not null,
    step text not null,
    done_at timestamptz not null default now(),
    primary key (run_id, step)
);

create table migration.rejects (
    run_id text not null,
    legacy_table text not null,
    legacy_key text not null,
    target_table text not null,
    reason text not null,
    detail text not null,
    legacy_row jsonb not null,
    unique (run_id, legacy_table, legacy_key)
);

create table migration.id_map (
    run_id text not null,
    legacy_table text not null,
    legacy_id text not null,
    target_table text not null,
    target_id text not null,
    why text not null check (why in ('derived', 'merged', 'created'))
);
create index on migration.id_map (run_id, legacy_table, legacy_id);
create index on migration.id_map (run_id, legacy_table, target_id);

create table migration.removed_links (
    run_id text not null,
    user_role_profile_id text not null,
    legacy_table text not null,
    legacy_column text not null,
    url text not null
);
create index on migration.removed_links (run_id, user_role_profile_id);

create table migration.notes (
    run_id text not null,
    legacy_table text not null,
    legacy_key text not null,
    target_table text,
    target_column text,
    note text not null,
    legacy_value text
);
create index on migration.notes (run_id, legacy_table, legacy_key);

-- References to a row of a reshaped table that read from_id shall read to_id; null: that row is gone.
create table migration.moved (
    run_id text not null,
    legacy_table text not null,
    legacy_id text not null,
    from_id text not null,
    to_id text
);
create index on migration.moved (run_id, legacy_table, legacy_id);
create index on migration.moved (run_id, legacy_table, from_id);

-- Keys of rejected rows, as references in the build schema spell them: what tells a child of one from an orphan.
create table migration.gone (
    run_id text not null,
    build_table text not null,
    id text not null
);
create index on migration.gone (run_id, build_table, id);

-- Whether a text is what the input of a type takes. One function for all servers; 16 and later could ask themselves.
create function migration.is_valid(value text, type_name text) returns boolean language plpgsql as $$
begin
    execute format('select %L::%s', value, type_name);
    return true;
exception when others then
    return false;
end
$$;

-- The schemas that are ours: one with this oid and this name. A dump restored elsewhere gives other oids, and whoever
-- renames a schema by hand takes it from us. Nothing in a schema that is not here is ever dropped.
create table migration.schemas (
    schema_oid oid primary key,
    name text not null,
    kind text not null check (kind in ('product', 'archive')),
    role text not null check (role in ('build', 'live', 'previous', 'withdrawn')),
    target_schema text not null,
    run_id text not null
);

-- What a schema of ours held when it was published: what anybody adds to it later is not ours to drop.
create table migration.objects (
    schema_oid oid not null references migration.schemas on delete cascade,
    class oid not null,
    object oid not null,
    primary key (schema_oid, class, object)
);

-- Every legacy row has one outcome. A figure that is missing balances nothing.
create view migration.balance as
select figures.run_id,
       figures.legacy_table,
       figures.source_rows,
       figures.loaded,
       figures.merged,
       figures.rejected,
       figures.archived,
       coalesce(source_rows = loaded + merged + rejected + archived, false) as balanced
from (
    select run_id,
           legacy_table,
           t.source_rows,
           t.loaded,
           coalesce(m.merged, 0) as merged,
           coalesce(r.rejected, 0) as rejected,
           t.archived
    from migration.tables t
    full join (
        select run_id, legacy_table, count(*) as merged
        from migration.id_map where why = 'merged' group by run_id, legacy_table
    ) m using (run_id, legacy_table)
    full join (
        select run_id, legacy_table, count(*) as rejected
        from migration.rejects group by run_id, legacy_table
    ) r using (run_id, legacy_table)
) as figures;

