-- Version 5 of schema migration: what default privileges gave to others is taken back (engine.books.versioned), once for what
-- older versions made, from now on whenever something is made. What somebody grants later on purpose stays.

-- Reports name rows whose key may hold somebody by a digest of this and the key: one row, 256 random bits (a UUID has 122).
create table migration.digest_key (key bytea not null);
insert into migration.digest_key (key)
select sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

insert into migration.version (version) values (5);
