-- A copied table keeps types, nullability, defaults, keys, checks, indexes and comments.
create table users (
  id uuid primary key default gen_random_uuid(), email varchar(320) not null constraint users_email_key unique,
      phone text, password_hash text not null,
  status varchar(20) not null default 'active' constraint users_status_check check (status in ('active',
      'Blocked User')), score real,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now());
comment on table users is 'People; "all" of them';
comment on column users.phone is 'with +91';
create unique index users_lower_email_idx on users (lower(email)) include (phone);
create index users_blocked_idx on users (created_at desc nulls last) where status = 'Blocked User';
insert into users values
  ('00000000-0000-0000-0000-0000000000a1', 'Ann@example.in', '+91', 'h1', 'active', 0.1,
      '2024-01-01 00:00:00.000001+00', '2024-01-02+00'),
  ('00000000-0000-0000-0000-0000000000a2', 'bob@example.in', null, '', 'Blocked User', '-Infinity',
      '2024-01-01+05:30', '2024-01-02+00');
