select legacy_row ->> 'bio' from migration.rejects where legacy_key = '00000000-0000-0000-0000-0000000000b1';
select legacy_row ->> 'stack' from migration.rejects where legacy_key = '00000000-0000-0000-0000-0000000000b2';
