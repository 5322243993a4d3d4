-- Metadata that is no object, or no JSON, stands under legacy_metadata in one, and a note says so.
-- table: audit_logs
-- source
select a.key, a.metadata_note as note, 'audit_logs' as target_table from activity_logs a
where a.rejected is null and a.metadata_note is not null
-- target
select n.legacy_key as key, n.note, n.target_table from notes n
where n.legacy_table = 'activity_logs' and n.note like 'metadata\_no\_%'
