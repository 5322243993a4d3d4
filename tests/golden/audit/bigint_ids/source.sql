-- Ids that are no UUIDs are derived and mapped; a foreign key to activity_logs follows to audit_logs; an absent actor
-- is nulled and noted.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table activity_logs (id bigserial primary key, user_id uuid, action text, data jsonb, created_at timestamptz);
insert into activity_logs (user_id, action, data, created_at) values
  ('00000000-0000-0000-0000-0000000000a1', 'x', '{"changes": {"f": {"old": [1], "new": {}}}}', '2024-01-01+00'),
      ('00000000-0000-0000-0000-0000000000a9', 'y', null, '2024-01-02+00');
create table alerts (id int primary key, log_id bigint references activity_logs (id) on delete cascade);
insert into alerts values (1, 2), (2, null);
