-- Version 13: of what types a legacy table's keys are, so that lists of its rows know which keys can identify nobody.

insert into migration.version (version) values (13);

-- Base types (pg_type.typname) of the primary key's columns in order; empty: it has none; null: an older program counted.
alter table migration.tables add column key_types text[];
