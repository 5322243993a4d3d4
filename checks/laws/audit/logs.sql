-- Every activity is one audit log under its own id; an ip that is no address is null there and stands in the metadata
-- as legacy_ip_address, under a name of its own where the metadata speaks of that already.
-- table: audit_logs
-- source
select a.id as key, case when 'audit_logs.actor_user_id' = any (a.nulled) then null else a.user_id end as actor_user_id,
    a.action, a.entity_type, a.entity_id, a.address as ip_address, a.user_agent,
    case
        when a.ip_address is null or a.address is not null then a.metadata
        when a.metadata is null then concat(jsonb_build_object('legacy_ip_address', a.ip_address))
        else (
            select concat(jsonb_in(textout(a.metadata)) || jsonb_build_object(free.name, a.ip_address))
            from (
                select 'legacy_ip_address' || repeat('_', n) as name from generate_series(0, length(a.metadata)) as n
                where position('"legacy_ip_address' || repeat('_', n) || '"' in a.metadata) = 0 order by n limit 1
            ) as free
        )
    end as metadata,
    a.created_at
from activity_logs a
where a.rejected is null
-- target
select concat(l.id) as key, l.actor_user_id, l.action, l.entity_type, l.entity_id,
    case when l.ip_address is not null then format('%s', l.ip_address) end as ip_address, l.user_agent,
    l.metadata, l.created_at
from audit_logs l
