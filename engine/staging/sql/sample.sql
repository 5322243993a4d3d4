-- The working tables of a sample, beside one of each sampled table; all of them are dropped when it is drawn. They hold
-- keys, and nobody but their owner may read them, as everything in this schema.

create sequence nxtgauge_staging.sample_numbers;

-- child names parent. is_down: whether the child hangs on its parent; users hang on nothing.
create unlogged table nxtgauge_staging.sample_edges (child bigint not null, parent bigint not null, is_down boolean not null);

-- What was reached from where a walk began, and in which of its rounds.
create unlogged table nxtgauge_staging.sample_reached (number bigint primary key, round integer not null);
create index on nxtgauge_staging.sample_reached (round);

-- Rows that hang on nobody: value is what their hash is taken of.
create unlogged table nxtgauge_staging.sample_roots (number bigint not null, value text not null);

-- Where the picked rows lie, in batches for reading.
create unlogged table nxtgauge_staging.sample_places (
    table_name text not null, leaf integer not null, batch bigint not null, place tid not null
);
