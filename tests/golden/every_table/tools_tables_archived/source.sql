-- Tables of migration tools are archived, and leave the product.
create table users (id uuid primary key);
create table _sqlx_migrations (version bigint primary key, checksum bytea, success boolean);
insert into _sqlx_migrations values (20240101, '\x00ff', true);
create table alembic_version (version_num varchar(32) primary key);
insert into alembic_version values ('abc');
create table schema_migrations (version text);
insert into schema_migrations values ('1'), ('1');
