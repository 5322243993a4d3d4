-- Version 6 of schema migration: what a seal saw, so that a later verification can tell what came after it. An object:
-- system_identifier and snapshot (pg_current_snapshot) of the server, oids of the tables and sequences that marks has,
-- books: a digest for each table of the books that tells of single rows. Null: an older program sealed.

alter table migration.seals add column horizon jsonb;

insert into migration.version (version) values (6);
