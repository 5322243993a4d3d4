-- One row per field that differs, in both forms. Left out: activities that tell both forms or half of one, and fields
-- whose two values differ in spelling alone (1.1 and 1.10). A JSON null and no value count as one.
select a.id as audit_log_id, f.name as field_name, coalesce(f.old, 'null') as old_value,
    coalesce(f.new, 'null') as new_value
from activity_logs a cross join lateral (
    select key as name, value -> 'old' as old, value -> 'new' as new
    from jsonb_each(case when jsonb_typeof(a.metadata -> 'changes') = 'object' then a.metadata -> 'changes' end)
    union all
    select key, b.value, n.value
    from jsonb_each(case when jsonb_typeof(a.metadata -> 'before') = 'object' then a.metadata -> 'before' end) b
    full join jsonb_each(case when jsonb_typeof(a.metadata -> 'after') = 'object' then a.metadata -> 'after' end) n
        using (key)
) f
where coalesce(f.old, 'null') is distinct from coalesce(f.new, 'null')
    and not (a.metadata ? 'changes' and (a.metadata ? 'before' or a.metadata ? 'after'))
    and (a.metadata ? 'before') = (a.metadata ? 'after')
    and coalesce(jsonb_typeof(a.metadata -> 'before'), '') <> 'null'
    and not jsonb_path_exists(a.metadata, '$.changes.* ? (@.type() != "object")');
-- target
select c.audit_log_id, c.field_name, coalesce(c.old_value, 'null'), coalesce(c.new_value, 'null')
from audit_log_changes c join audit_logs a on a.id = c.audit_log_id
where coalesce(c.old_value, 'null') is distinct from coalesce(c.new_value, 'null')
    and not (a.metadata ? 'changes' and (a.metadata ? 'before' or a.metadata ? 'after'))
    and (a.metadata ? 'before') = (a.metadata ? 'after')
    and coalesce(jsonb_typeof(a.metadata -> 'before'), '') <> 'null'
    and not jsonb_path_exists(a.metadata, '$.changes.* ? (@.type() != "object")');
