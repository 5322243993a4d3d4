-- A text id that becomes uuid keeps a default that makes ids.
create table users (id text primary key default gen_random_uuid()::text, email text);
insert into users values ('00000000-0000-0000-0000-0000000000a1', 'a');
