-- A function that depends on something else cannot be carried: a fault of the plan.
create table users (id uuid primary key);
create table labels (id int primary key, name text);
create function label_count() returns bigint language sql stable begin atomic select count(*) from labels; end;
create table email_logs (id int primary key, n bigint default label_count());
