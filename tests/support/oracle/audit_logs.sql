-- One entry per activity; an actor who is absent is nulled, and so is an ip that is no address. Metadata that is no
-- object stands under legacy_metadata.
select a.id, u.id as actor_user_id, a.action, a.entity_type, a.entity_id,
    pg_temp.as_inet(a.ip_address) as ip_address, a.user_agent,
    case when jsonb_typeof(a.metadata) <> 'object' and (a.ip_address is null or pg_temp.as_inet(a.ip_address) is not null)
            then jsonb_build_object('legacy_metadata', a.metadata)::text
        when a.ip_address is null or pg_temp.as_inet(a.ip_address) is not null then a.metadata::text
        when a.ip_address = '' or jsonb_typeof(a.metadata) <> 'object' or a.metadata ? 'legacy_ip_address' then '*'
        else (coalesce(a.metadata, '{}') || jsonb_build_object('legacy_ip_address', a.ip_address))::text end
        as metadata,
    coalesce(a.created_at::text, '*') as created_at
from activity_logs a left join users u on u.id = a.user_id;
-- target
select id, actor_user_id, action, entity_type, entity_id, ip_address, user_agent, metadata, created_at
from audit_logs;
