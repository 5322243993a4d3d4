-- missing_tables = "fail": the plan refuses and names them.
create table users (id uuid primary key);
create table roles (id int primary key, key text);
