-- A small legacy database with every form that a text can take. Numbers begin with 9 here and with 5 in the masked
-- copy, so that no masked number is anybody's by chance.

create extension citext;
create extension hstore;
create type mood as enum ('happy', 'sad');
create domain phone_number as varchar(32);
create type address as (street text, contact text);

create function id_of(n bigint) returns uuid language sql immutable as
$$ select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
create function phone_of(n bigint) returns text language sql immutable as
$$ select '9' || lpad((n * 22801763 % 1000000000)::text, 9, '0') $$;

create table users (
    id uuid primary key,
    email citext not null unique,
    phone phone_number,
    full_name text,
    bio text,
    slug text,
    mood mood,
    prefs jsonb,
    raw json,
    tags text[],
    numbers varchar(20)[][],
    ip inet,
    born date,
    avatar text,
    secret text,
    token bytea,
    "Odd ""Name" text,
    search tsvector,
    home address,
    created_at timestamptz default '2024-01-01 00:00:00+00'
);
insert into users
select id_of(n), 'User' || n || '@mail.example.in', '+91 ' || phone_of(n), 'Asha Rao ' || n, 'I am ' || n, 'asha-' || n,
    'happy', jsonb_build_object('city', 'Pune ' || n, 'zip', n, 'tel', 9000000 + n, 'id', id_of(n), 'on', true,
        'list', jsonb_build_array('a' || n, null, '')),
    json_build_object('from', 'friend' || n || '@mail.example.in', 'text', E'line\nfriend' || n || '@mail.example.in'),
    array['tag' || n, null, ''], array[array['x' || n, 'y' || n], array['z' || n, '-']],
    ('10.0.0.' || n)::inet, date '1990-01-01' + n::int, 'https://files.example.in/' || n || '/face.png', 'pin ' || n,
    decode(md5(n::text), 'hex'), 'odd ' || n, null, row('Street ' || n, null)::address
from generate_series(1, 40) n;
update users set full_name = '', bio = '--', phone = 'n/a', token = '\x', born = 'infinity', tags = '{}', prefs = 'null'
where id = id_of(40);
update users set phone = '0000000000' where id = id_of(39);
update users set phone = '2346789' where id = id_of(38);
update users set mood = 'sad' where id = id_of(37);

create table lines (order_id int, line citext, note text, primary key (order_id, line));
insert into lines select n / 4, (array['b', 'A', 'ä', 'Z'])[n % 4 + 1], 'note ' || n from generate_series(0, 19) n;

-- no primary key, but a unique index of columns that are never null; the first may not serve, for it is masked
create table codes (code text not null, label text not null, contact text);
create unique index codes_1_label on codes (label);
create unique index codes_2_code on codes (code);
insert into codes select 'C' || n, 'label ' || n, 'person ' || n from generate_series(1, 12) n;

create table events (actor text, message text, body jsonb, at date, gone text, since text);
insert into events
select 'a' || n, 'a longer message of ' || n, jsonb_build_object('k', 'a longer string ' || n), date '2024-01-01' + n::int,
    'gone ' || n, (date '2024-01-01' + n::int) || ' 00:00:00+00'
from generate_series(1, 20) n;

create table articles (id bigint primary key, title text, body jsonb, tags text[], contact text, author_id uuid,
    "entityId" text);
insert into articles
select n, 'Title ' || n, '{"text": "plain"}', '{news}', case when n = 1 then 'editor@mail.example.in' end, id_of(n),
    'Entity of ' || n
from generate_series(1, 10) n;

-- what else can hold a text, or a number
create domain words as text[];
create table forms (
    id numeric(4,2) primary key, homes address[], extra hstore, documents jsonb[], said words, nick "char", label name,
    fixed char(40), spans int4range, moods mood[], mobile bigint, amount numeric(14,2), counted int
);
insert into forms (id, moods, mobile, amount) select n / 4.0, '{happy}', 1714550400000 + n, n * 1000000.25
from generate_series(1, 9) n;

create table owners (name text primary key, nick text unique);
insert into owners values ('plain', null), ('nobody at all', 'someone else');
create table "Weird ""Table" (id int primary key, "e-mail" text, "order" text, owner text references owners (nick));
insert into "Weird ""Table" values (1, 'weird@mail.example.in', 'first', 'someone else');
insert into users (id, email, full_name) values (id_of(41), 'om@mail.example.in', 'Om Rao');
create table nobody (id int primary key, name text);
create table lonely (name text);
