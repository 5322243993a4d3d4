-- activity_logs become audit_logs with the same id; one audit_log_changes row per field that differs, in both forms.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table activity_logs (id uuid primary key, user_id uuid, action text, entity_type text, entity_id text,
    ip_address text, user_agent text, metadata jsonb,
  created_at timestamptz not null, severity smallint);
insert into activity_logs values
  ('00000000-0000-0000-0000-000000000011', '00000000-0000-0000-0000-0000000000a1', 'job.update', 'job', '42',
      '10.0.0.1', 'curl',
      '{"changes": {"price": {"old": 1.10, "new": 12345678901234567890}, "same": {"old": 1, "new": 1}, "name": {"old": "a", "new": "b"}}}',
      '2024-01-01+00', 3),
  ('00000000-0000-0000-0000-000000000012', null, 'user.update', null, null, null, null,
      '{"before": {"a": 1, "b": {"x": [1, 2]}, "c": true}, "after": {"a": 1, "b": {"x": [1, 3]}, "d": "new"}, "why": "asked"}',
      '2024-01-02+00', null),
  ('00000000-0000-0000-0000-000000000013', '00000000-0000-0000-0000-0000000000a1', 'login', null, null, null, null,
      '{"page": "/"}', '2024-01-03+00', null),
  ('00000000-0000-0000-0000-000000000014', '00000000-0000-0000-0000-0000000000a1', 'logout', null, null, null, null,
      null, '2024-01-04+00', null);
