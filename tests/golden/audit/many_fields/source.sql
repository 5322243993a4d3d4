-- Fields of any name, values of any kind; a null on both sides does not differ, a null and a missing key do.
create table users (id uuid primary key);
create table activity_logs (id uuid primary key, action text, details jsonb,
    created_at timestamptz not null default now());
insert into activity_logs (id, action, details) values
  ('00000000-0000-0000-0000-000000000011', 'a',
      '{"before": {"": 1, "a b": [1], "quo\"te": null, "same": null, "n": 1e2}, "after": {"": 2, "a b": [1, {}], "quo\"te": "", "same": null, "n": 100.5}}'),
  ('00000000-0000-0000-0000-000000000012', 'b', '{"changes": {}}'), ('00000000-0000-0000-0000-000000000013', 'c',
      '{"before": {"x": 1}, "after": {"x": 1}}'), ('00000000-0000-0000-0000-000000000014', 'd', '[{"changes": 1}]'),
      ('00000000-0000-0000-0000-000000000015', 'e', '"changes"');
