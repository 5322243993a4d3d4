-- A database that has employment_type only needs no rename.
create table users (id uuid primary key);
create table jobs (id uuid primary key, employment_type text);
insert into jobs values ('00000000-0000-0000-0000-0000000000b1', 'intern');
