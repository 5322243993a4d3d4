-- Every field that an activity's metadata tells to differ is one change of its log, told as `changes` (old and new by
-- field) or as `before` and `after`; of a field in both `changes` speaks. What one side lacks is null, JSON's null is
-- a value. A row's key is its log's id and a hash of the field's name.
-- table: audit_log_changes
-- source
select a.id || ':' || md5(f.name) as key, a.id as audit_log_id, f.name as field_name, f.old::text as old_value,
    f.new::text as new_value, a.created_at
from (
    select l.key, l.id, l.created_at, l.metadata::jsonb as document
    from activity_logs l
    where l.rejected is null and (l.metadata like '%"changes"%' or l.metadata like '%"before"%')
) as a
cross join lateral (
    select case when jsonb_typeof(a.document -> 'before') in ('object', 'null')
            and jsonb_typeof(a.document -> 'after') in ('object', 'null') then a.document end as both_sides
) as told
cross join lateral (
    select s.name,
        case when c.value is null then told.both_sides -> 'before' -> s.name else c.value -> 'old' end as old,
        case when c.value is null then told.both_sides -> 'after' -> s.name else c.value -> 'new' end as new
    from (
        select key as name from jsonb_each(
            case when jsonb_typeof(a.document -> 'changes') = 'object' then a.document -> 'changes' end
        ) where jsonb_typeof(value) = 'object'
        union
        select jsonb_object_keys(told.both_sides -> 'before') where jsonb_typeof(told.both_sides -> 'before') = 'object'
        union
        select jsonb_object_keys(told.both_sides -> 'after') where jsonb_typeof(told.both_sides -> 'after') = 'object'
    ) as s
    left join lateral (
        select a.document -> 'changes' -> s.name as value
        where jsonb_typeof(a.document -> 'changes' -> s.name) = 'object'
    ) as c on true
) as f
where jsonb_typeof(a.document) = 'object' and f.old is distinct from f.new and a.key not in (select key from deep_log)
-- target
select c.audit_log_id::text || ':' || md5(c.field_name) as key, c.audit_log_id::text, c.field_name, c.old_value::text,
    c.new_value::text, c.created_at::text
from audit_log_changes c
