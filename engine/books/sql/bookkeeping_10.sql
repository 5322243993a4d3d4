-- Version 10 of schema migration: where the legacy sequences stood when the plan read them. They are no part of a
-- snapshot, so whoever draws from one while a run is under way makes it another than the build can have.

alter table migration.runs add column sequences jsonb;

insert into migration.version (version) values (10);
