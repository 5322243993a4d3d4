-- Collations, dictionaries and configurations for text search of the schema's own are made in the target before what uses
-- them: columns, domains, composites, ranges, indexes, checks, generated columns, archived tables.
create collation by_byte (provider = libc, locale = 'C');
comment on collation by_byte is 'as C';
create collation unused (provider = libc, locale = 'C');
create domain code as text collate by_byte check (value collate by_byte > '');
create type pair as (a text collate by_byte, b int);
create type span as range (subtype = text, collation = by_byte);
create text search dictionary plain_words (template = simple, stopwords = english);
create text search configuration words (parser = default);
alter text search configuration words add mapping for asciiword, word with plain_words, english_stem;
create text search configuration more (copy = english);
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table pages (id text collate by_byte primary key, c code unique, p pair, s span, body text,
    found tsvector generated always as (to_tsvector('words', coalesce(body, ''))) stored,
    exclude using gist (s with &&), check (to_tsvector('more', body) @@ 'dog'));
create index pages_idx on pages (body collate by_byte);
create index pages_more on pages using gin (to_tsvector('more', body));
insert into pages values ('b', 'x', '(y,1)', '[a,b)', 'the running dogs');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text,
    nick text collate by_byte);
create table onboarding_configs (id int primary key, t text collate by_byte);
insert into onboarding_configs values (1, 'x');
