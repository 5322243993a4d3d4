-- What `stage` has made in this database: version 1 of schema nxtgauge_staging. Columns say how each value was masked;
-- no value of a row stands here.

create schema nxtgauge_staging;
comment on schema nxtgauge_staging is 'nxtgauge-migrate: what its rehearsal copies are';

create table nxtgauge_staging.version (
    version integer not null,
    installed_at timestamptz not null default now()
);
insert into nxtgauge_staging.version (version) values (1);

-- One row per copy; the latest is the one that the schema holds. copied: its rows are there and nothing has judged
-- them; proven: the scan found nothing that should be masked; failed: it broke off, or the scan found something.
create table nxtgauge_staging.copies (
    copy_id text primary key,
    made_at timestamptz not null default now(),
    finished_at timestamptz,
    state text not null check (state in ('running', 'copied', 'proven', 'failed')),
    source_identity jsonb not null,
    source_schema text not null,
    schema_oid oid not null,
    percent double precision,                       -- null: whole
    is_masked boolean not null,
    reason text,                                    -- why it is not masked, and who said so
    name text,
    scan jsonb,
    error text,
    check (is_masked or (reason is not null and name is not null))
);

-- How each column of a copy was carried, and why so.
create table nxtgauge_staging.columns (
    copy_id text not null references nxtgauge_staging.copies,
    table_name text not null,
    column_name text not null,
    kind text not null,
    why text not null,
    primary key (copy_id, table_name, column_name)
);

-- Rows of each table in the source's snapshot and in the copy, both counted apart from the copying.
create table nxtgauge_staging.tables (
    copy_id text not null references nxtgauge_staging.copies,
    table_name text not null,
    source_rows bigint not null,
    rows bigint not null,
    primary key (copy_id, table_name)
);

-- What may be dropped when the copy is refreshed: what the source held by name, and what became of it here. Of the
-- latest copy only. object: null until the copy has ended.
create table nxtgauge_staging.objects (
    schema_oid oid not null,
    kind text not null,
    name text not null,
    class oid,
    object oid,
    primary key (schema_oid, kind, name)
);
