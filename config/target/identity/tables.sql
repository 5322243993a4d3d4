-- The settings of an account, one row per user; made only where the legacy database has no such table.
create table user_settings (
    user_id uuid,
    preferences jsonb default '{}'::jsonb,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);
