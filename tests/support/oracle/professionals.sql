-- What became of each professional: its root, or why it has none.
select id, case when why = 'orphan_user' then '*' else why end, root_id from professional;
-- target
select legacy_id, why, target_id from migration.id_map where legacy_table = 'professionals'
union all
select legacy_key, reason, null from migration.rejects where legacy_table = 'professionals';
