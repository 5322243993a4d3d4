-- The common six and the times go to the root, everything else to the extension table; ids stay. NULL, '' and 'NULL'
-- differ.
create table users (id uuid primary key, email text not null);
insert into users values ('00000000-0000-0000-0000-0000000000a1', 'ann@example.in'),
    ('00000000-0000-0000-0000-0000000000a2', 'bob@example.in');
create table photographer_profiles (
  id uuid primary key, user_id uuid not null references users (id), display_name text, bio text, location text,
  status text, rejection_reason text, approved_at timestamptz, camera_brand text, hourly_rate numeric(10,3),
  created_at timestamptz not null, updated_at timestamptz not null);
insert into photographer_profiles values
  ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1', 'Ann Photos', 'Weddings', 'Pune',
      'approved', null, '2024-02-01 10:00+00', 'Nikon', 1500.500,
   '2024-01-01 00:00+00', '2024-02-01 10:00:00.123456+00'),
  ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a2', null, '', 'NULL', null, 'blurred',
      null, null, null, '2024-01-02 05:30+05:30', '2024-01-03 00:00+00');
