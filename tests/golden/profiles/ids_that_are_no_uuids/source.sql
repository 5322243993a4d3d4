-- A text id that is a UUID is cast, one that is not is derived; a bigint id is derived likewise; references follow.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2'),
    ('00000000-0000-0000-0000-0000000000a3');
create table developer_profiles (id text primary key, user_id uuid references users (id), status text, stack text);
insert into developer_profiles values
  ('dev-1', '00000000-0000-0000-0000-0000000000a1', 'active', 'go'), ('00000000-0000-0000-0000-0000000000B2',
      '00000000-0000-0000-0000-0000000000a2', 'active', 'c'), ('{000000000000000000000000000000b3}',
      '00000000-0000-0000-0000-0000000000a3', null, 'sql');
create table fitness_trainer_profiles (id bigint primary key, user_id uuid references users (id), status text,
    sport text);
insert into fitness_trainer_profiles values (7, '00000000-0000-0000-0000-0000000000a1', 'active', 'chess');
create table commits (id int primary key, developer_id text references developer_profiles (id),
    trainer_id bigint references fitness_trainer_profiles (id));
insert into commits values (1, 'dev-1', null), (2, '00000000-0000-0000-0000-0000000000B2', 7), (3, null, 7);
