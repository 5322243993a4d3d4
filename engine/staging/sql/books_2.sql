-- Version 2 of schema nxtgauge_staging: what default privileges gave to others is taken back (engine.books.versioned).

insert into nxtgauge_staging.version (version) values (2);
