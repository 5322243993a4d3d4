-- Version 17: what was written to the source after a cut-over's fence.

insert into migration.version (version) values (17);

-- Legacy table → writes found there after the last round's snapshot; null until the source was looked at.
alter table migration.cutovers add late jsonb;
