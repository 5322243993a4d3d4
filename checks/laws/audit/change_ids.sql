-- A change's id derives from the activity's own id and the field's name.
-- table: audit_log_changes
-- derived
select concat(c.id) as key, concat(c.id) as id,
    'audit_log_changes:activity_logs:' || coalesce(m.legacy_id, w.raw_id, concat(c.audit_log_id))
    || ':' || c.field_name as name
from audit_log_changes c
left join id_map m on m.legacy_table = 'activity_logs' and m.target_id = concat(c.audit_log_id) and m.why = 'derived'
left join spelled_otherwise w on w.legacy_table = 'activity_logs' and w.id = concat(c.audit_log_id)
    and not exists (select from id_map r where r.legacy_table = 'activity_logs' and r.legacy_id = w.raw_id)
