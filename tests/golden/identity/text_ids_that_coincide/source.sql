-- Two spellings of one UUID cannot both be keys: one row stays, the other is rejected.
create table users (id text primary key, email text);
insert into users values ('00000000-0000-0000-0000-0000000000A1', 'one'), ('00000000-0000-0000-0000-0000000000a1',
    'two'), ('00000000-0000-0000-0000-0000000000a2', 'three');
