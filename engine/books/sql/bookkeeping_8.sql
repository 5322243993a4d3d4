-- Version 8 of schema migration: the certificate that a run was given as a file, so that every later attempt is held to
-- it too. Null: it was given none, and the latest in migration.certificates counts where the profile requires one.

alter table migration.runs add column certificate jsonb;

insert into migration.version (version) values (8);
