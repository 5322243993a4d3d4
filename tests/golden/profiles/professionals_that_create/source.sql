-- No profile, but a known role: a root is created from the row itself, DRAFT if it has no status, with an empty
-- extension row.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2'),
    ('00000000-0000-0000-0000-0000000000a3');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text,
    subject text not null);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active', 'maths');
create table professionals (id uuid primary key, user_id uuid references users (id), profession text,
    display_name text, bio text,
  location text, status text, approved_at timestamptz, created_at timestamptz, updated_at timestamptz);
insert into professionals values
  ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a2', 'Tutor', 'Bob', 'teaches', 'Goa',
      null, null, '2023-01-01+00', '2023-02-01+00'),
  ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-0000000000a3', 'developer', 'Cat', null, null,
      'Verified', '2023-03-03+00', '2023-01-05+00', null);
