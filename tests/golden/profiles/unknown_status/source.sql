-- A status that nobody knows rejects the whole row, root and extension; the text 'NULL' is no NULL.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2'),
    ('00000000-0000-0000-0000-0000000000a3');
create table developer_profiles (id uuid primary key, user_id uuid references users (id), status text, bio text,
    stack text, github_url text);
insert into developer_profiles values
  ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1', 'frozen', 'likes ice', 'rust',
      null), ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a2', 'NULL', null, 'go',
      null), ('00000000-0000-0000-0000-0000000000b3', '00000000-0000-0000-0000-0000000000a3', 'active', null, 'c',
      null);
