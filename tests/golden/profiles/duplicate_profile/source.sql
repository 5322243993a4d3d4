-- Two profiles of one role for one user: the one updated last stays (ties: the higher id), references to the other
-- move
-- to it. A row rejected for another reason takes no part.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2'),
    ('00000000-0000-0000-0000-0000000000a3');
create table tutor_profiles (id uuid primary key, user_id uuid not null references users (id), status text,
    subject text, updated_at timestamptz);
insert into tutor_profiles values
  ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1', 'active', 'maths',
      '2024-01-01+00'), ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a1', 'draft',
      'physics', '2024-05-01+00'),
  ('00000000-0000-0000-0000-0000000000b3', '00000000-0000-0000-0000-0000000000a2', 'active', 'latin',
      '2024-02-02+00'), ('00000000-0000-0000-0000-0000000000b4', '00000000-0000-0000-0000-0000000000a2', 'active',
      'greek', '2024-02-02+00'),
  ('00000000-0000-0000-0000-0000000000b5', '00000000-0000-0000-0000-0000000000a3', 'frozen', 'music',
      '2024-09-01+00'), ('00000000-0000-0000-0000-0000000000b6', '00000000-0000-0000-0000-0000000000a3', 'active',
      'dance', '2024-01-01+00');
create table lessons (id int primary key, tutor_profile_id uuid references tutor_profiles (id));
insert into lessons values (1, '00000000-0000-0000-0000-0000000000b1'), (2, '00000000-0000-0000-0000-0000000000b2'),
    (3, '00000000-0000-0000-0000-0000000000b3'), (4, '00000000-0000-0000-0000-0000000000b4'), (5,
    '00000000-0000-0000-0000-0000000000b6'), (6, null), (7, '00000000-0000-0000-0000-0000000000b5');
