select legacy_row ->> 'body' from migration.rejects where legacy_table = 'notifications';
