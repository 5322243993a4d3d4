-- Collations of the later providers and with rules, and SQL of later versions in checks.
-- from 17
-- refused before 17: the collation built: unrecognized collation provider: builtin
create collation ruled (provider = icu, locale = 'und', rules = '&a < g');
create collation built (provider = builtin, locale = 'C.UTF-8');
create table users (id uuid primary key, email text collate ruled check (email is json), name text collate built, r bool default random_normal() > 0);
create table fast (id int primary key, t text collate built, check (regexp_like(t, 'a')));
insert into users (id, email, name) values ('11111111-1111-4111-8111-000000000001', '{}', 'Ä');
insert into fast values (1, 'a');
