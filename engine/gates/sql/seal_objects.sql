-- What the tables and sequences of some schemas are, a digest each: columns, constraints, indexes, triggers, position.
select format('%%s.%%s', n.nspname, c.relname), md5(concat_ws(E'\n', columns.found, constraints.found,
       indexes.found, triggers.found, case when c.relkind = 'S' then pg_sequence_last_value(c.oid) end))
from pg_class c join pg_namespace n on n.oid = c.relnamespace
cross join lateral (
    select string_agg(concat_ws(' ', a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                                a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid)), ', ' order by a.attnum)
    from pg_attribute a left join pg_attrdef d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and c.relkind <> 'S'
) as columns (found)
cross join lateral (
    select string_agg(concat_ws(' ', conname, pg_get_constraintdef(oid), convalidated), ', ' order by conname)
    from pg_constraint where conrelid = c.oid
) as constraints (found)
cross join lateral (
    select string_agg(concat_ws(' ', pg_get_indexdef(indexrelid), indisvalid), ', ' order by indexrelid)
    from pg_index where indrelid = c.oid
) as indexes (found)
cross join lateral (
    select string_agg(concat_ws(' ', pg_get_triggerdef(oid), tgenabled), ', ' order by tgname)
    from pg_trigger where tgrelid = c.oid and not tgisinternal
) as triggers (found)
where n.nspname = any(%(schemas)s) and c.relkind in ('r', 'p', 'S')
order by 1
