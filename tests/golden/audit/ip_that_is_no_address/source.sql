-- An ip that is not an address becomes null and is kept in metadata under legacy_ip_address.
create table users (id uuid primary key);
create table activity_logs (id uuid primary key, action text, ip_address text, details json,
    created_at timestamptz not null default now());
insert into activity_logs (id, action, ip_address, details) values
  ('00000000-0000-0000-0000-000000000011', 'a', '2001:db8::1', '{"n": 1}'), ('00000000-0000-0000-0000-000000000012',
      'b', 'unknown', '{"n": 1.10}'), ('00000000-0000-0000-0000-000000000013', 'c', '999.1.1.1', null),
      ('00000000-0000-0000-0000-000000000014', 'd', null, '{}');
