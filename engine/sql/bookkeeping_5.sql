-- Version 5 of schema migration: what default privileges gave to others is taken back (engine.versioned), once for what
-- older versions made, from now on whenever something is made. What somebody grants later on purpose stays.

insert into migration.version (version) values (5);
