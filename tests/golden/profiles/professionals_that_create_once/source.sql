-- Several rows for one user and role without a profile: the last updated creates, the others merge into it.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table professionals (id uuid primary key, user_id uuid references users (id), profession text,
    display_name text, status text, updated_at timestamptz);
insert into professionals values
  ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a1', 'tutor', 'one', 'active',
      '2024-01-01+00'), ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-0000000000a1', 'TUTOR',
      'two', 'pending', '2024-03-01+00'),
  ('00000000-0000-0000-0000-0000000000d3', '00000000-0000-0000-0000-0000000000a1', 'Tutor', 'three', 'gibberish',
      '2024-02-01+00'), ('00000000-0000-0000-0000-0000000000d4', '00000000-0000-0000-0000-0000000000a1', 'developer',
      'four', 'active', '2024-01-01+00'),
  ('00000000-0000-0000-0000-0000000000d5', '00000000-0000-0000-0000-0000000000a2', 'tutor', 'five', 'active',
      '2020-01-01+00');
