-- An id is a sole primary-key column named id: a text column of another name, in a composite key or without a key
-- stays as it is.
create table users (id uuid primary key);
create table departments (code text primary key, name text);
insert into departments values ('00000000-0000-0000-0000-0000000000F1', 'a');
create table designations (id text, grade int, primary key (id, grade));
insert into designations values ('00000000-0000-0000-0000-0000000000F2', 1);
create table email_logs (id text, subject text);
insert into email_logs values ('00000000-0000-0000-0000-0000000000F3', 'x');
