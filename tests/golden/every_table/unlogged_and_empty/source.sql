-- Tables without rows, and tables without columns but rows, survive.
create table users (id uuid primary key);
create unlogged table cache (key text primary key, value bytea);
insert into cache values ('k', '\x01');
create table empty_one (id int primary key, name text not null);
create table no_columns ();
insert into no_columns default values;
insert into no_columns default values;
