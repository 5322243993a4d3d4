-- Every field that an activity's metadata tells to differ is one change of its log, told as `changes` (old and new by
-- field) or as `before` and `after`; of a field in both `changes` speaks. What one side lacks is null, JSON's null is
-- a value. A row's key is its log's id and a hash of the field's name.
-- table: audit_log_changes
-- source
with log as materialized (
    select l.id, l.created_at, l.document -> 'changes' as fields, l.document -> 'before' as before,
        l.document -> 'after' as after
    from (
        select a.key, a.id, a.created_at, jsonb_in(textout(a.metadata)) as document
        from activity_logs a
        where a.rejected is null and (a.metadata like '%"changes"%' or a.metadata like '%"before"%')
        offset 0  -- each document is read once, whatever is asked of it
    ) as l
    where jsonb_typeof(l.document) = 'object' and not exists (select from deep_log d where d.key = l.key)
), change as (
    select log.id, log.created_at, f.key as name, f.value -> 'old' as old, f.value -> 'new' as new
    from log cross join lateral jsonb_each(log.fields) as f
    where jsonb_typeof(log.fields) = 'object' and jsonb_typeof(f.value) = 'object'
    union all
    select log.id, log.created_at, s.name, log.before -> s.name, log.after -> s.name
    from log
    cross join lateral (
        select key as name from jsonb_each(case when jsonb_typeof(log.before) = 'object' then log.before end)
        union all
        select key from jsonb_each(case when jsonb_typeof(log.after) = 'object' then log.after end)
        where (log.before ? key) is not true or jsonb_typeof(log.before) <> 'object'
    ) as s
    where jsonb_typeof(log.before) in ('object', 'null') and jsonb_typeof(log.after) in ('object', 'null')
        and jsonb_typeof(log.fields -> s.name) is distinct from 'object'
)
select c.id || ':' || md5(convert_to(c.name, 'UTF8')) as key, c.id as audit_log_id, c.name as field_name, c.old as old_value,
    c.new as new_value, c.created_at
from change c where c.old is distinct from c.new
-- target
select concat(c.audit_log_id, ':', md5(convert_to(c.field_name, 'UTF8'))) as key, c.audit_log_id, c.field_name, c.old_value,
    c.new_value, c.created_at
from audit_log_changes c
