select legacy_row ->> 'body' from migration.rejects;
