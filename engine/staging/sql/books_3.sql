-- Version 3: when the writer of a rehearsed cut-over first wrote to a copy, which is its source's no more from then on.

insert into nxtgauge_staging.version (version) values (3);

alter table nxtgauge_staging.copies add written_at timestamptz;
