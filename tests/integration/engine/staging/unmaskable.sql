-- Types that no mask knows, each where null is allowed and where it is not; texts that an index takes only compressed.

create extension hstore;
create extension ltree;
create type spot as (n integer, name text);
create type names as range (subtype = text);
create domain far as point check (value <@ box '0,0,9,9');
create domain label as text not null check (value ~ '^[A-Z]');
create type deep as (a spot, b names);

create table users (
    id integer primary key, full_name text, label label,
    point point, point_ point not null, box box, box_ box not null, lseg lseg not null, path path not null,
    line line not null, polygon polygon not null, circle circle not null, spot spot, spot_ spot not null, deep deep not null,
    hstore hstore, hstore_ hstore not null, names names not null, ltree ltree unique, ltree_ ltree not null,
    at_all point check (at_all is not null and at_all <@ box '-9,-9,9,9'), search tsvector not null, query tsquery not null, far far, far_ far not null, spots spot[] not null, way jsonpath not null
);
insert into users
select n, 'Asha Rao ' || n, 'Asha', '(1,2)', '(1,2)', '(4,3),(2,1)', '(4,3),(2,1)', '[(1,2),(3,4)]', '((1,2))', '{1,2,3}',
       '((1,2))', '<(1,2),3>', '(1,Rao)', '(1,Rao)', '("(1,Rao)","[a,b]")', '"Asha"=>"1"', '"Asha"=>"1"', '[Asha,Rao]',
       ('Asha.Rao.' || n)::ltree, 'Asha.Rao', '(3,4)', '''asha''', '''asha''', '(5,6)', '(5,6)', '{"(1,Rao)"}', '$.Asha'
from generate_series(1, 3) n;

create table texts (
    id integer primary key, title text, votes jsonb, tags text[], kind text,
    search tsvector generated always as (to_tsvector('simple', left(title, 99))) stored
);
create unique index on texts (title);
create index on texts (lower(title), kind);
create index on texts using gin (tags);
create index on texts using gin (search);
create index on texts using hash (title);
insert into texts (id, title, votes, tags, kind) values
    (1, repeat('a', 220000), '{"Asha Rao 1": 3, "a b": {"Zebediah Quackenbush": 1}}', array[repeat('b', 220000)], 'gold'),
    (2, repeat('a', 220001), null, null, ''),
    (3, repeat('Dear customer of ours, it is 1999. ', 120), null, null, 'x');
create materialized view titles as select left(title, 99) as title from texts;

-- What a mask does not satisfy, what takes no null and stands once, and arrays that are long for what they hold.
create table awkward (
    id integer primary key, spot spot not null unique, spots spot[] not null unique, lists text[] unique,
    tax_code varchar(15) check (tax_code ~ '^[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z]1Z[0-9]$')
);
insert into awkward
select n, row(n, 'Rao')::spot, array[row(n, 'Rao')::spot], array(select 'Rao' || m from generate_series(1, 500 + n) m),
       '29ABCDE' || 1000 + n || 'F1Z5'
from generate_series(1, 3) n;
