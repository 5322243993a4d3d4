-- Who did what, and when; rows are only ever added.
create table audit_logs (
    id uuid default gen_random_uuid(),
    actor_user_id uuid,
    action text,
    entity_type text,
    entity_id text,
    ip_address inet,
    user_agent text,
    metadata jsonb,
    created_at timestamptz default now()
);

-- One row per field that an audited action changed; rows are only ever added.
create table audit_log_changes (
    id uuid default gen_random_uuid(),
    audit_log_id uuid,
    field_name text,
    old_value jsonb,
    new_value jsonb,
    created_at timestamptz default now()
);
