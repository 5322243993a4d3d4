-- A change's id derives from the activity's own id and the field's name.
-- table: audit_log_changes
-- derived
select c.id::text as key, c.id::text as id,
    'audit_log_changes:activity_logs:' || coalesce(m.legacy_id, w.raw_id, c.audit_log_id::text)
    || ':' || c.field_name as name
from audit_log_changes c
left join id_map m on m.legacy_table = 'activity_logs' and m.target_id = c.audit_log_id::text and m.why = 'derived'
left join spelled_otherwise w on w.legacy_table = 'activity_logs' and w.id = c.audit_log_id::text
