-- Where metadata is nested deeper than 100 levels its changes are not read, and a note says so.
-- table: audit_log_changes
-- source
select d.key, 'changes_not_read' as note, 'audit_log_changes' as target_table from deep_log d
-- target
select n.legacy_key as key, n.note, n.target_table from notes n
where n.legacy_table = 'activity_logs' and (n.target_table = 'audit_log_changes' or n.note = 'changes_not_read')
