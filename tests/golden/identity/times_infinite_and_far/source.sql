-- infinity, far and ancient times survive, in copied and in reshaped tables.
create table users (id uuid primary key, created_at timestamptz, updated_at timestamptz);
insert into users values ('00000000-0000-0000-0000-0000000000a1', '-infinity', 'infinity'),
    ('00000000-0000-0000-0000-0000000000a2', '0044-03-15 00:00+00 BC', '294276-12-31 23:59:59.999999+00');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text,
    approved_at timestamptz, graduated date, created_at timestamptz, updated_at timestamptz);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active', 'infinity', 'infinity', '2024-01-01+00', '2024-01-01+00'),
  ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a2', 'active', '0001-12-31 00:00+00 BC',
      '0044-03-15 BC', '20000-01-01+00', '20000-01-02+00');
