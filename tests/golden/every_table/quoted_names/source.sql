-- Names from a foreign catalogue are quoted: tables, columns, constraints, indexes, types and sequences of any
-- spelling survive.
create table users (id uuid primary key, "Full Name" text, "order" int, "x""; drop table users; --" text default 'd',
    "ключ" text);
insert into users values ('00000000-0000-0000-0000-0000000000a1', 'Ann', 1, 'evil', 'да');
create type "Mood""s" as enum ('so so', 'it''s ok');
create table "Order ""Items""" ("select" serial primary key, "from" "Mood""s" default 'so so',
    "user" uuid constraint "fk; --" references users (id), "a%s{}$1" text,
    constraint "chk 100%" check ("a%s{}$1" <> ''));
create index "idx ""q""" on "Order ""Items""" ("a%s{}$1");
insert into "Order ""Items""" ("from", "user", "a%s{}$1") values ('it''s ok', '00000000-0000-0000-0000-0000000000a1',
    'v'), (default, null, '%');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text, "Full Name" text,
    "select" text, "t""q" text, "100%" text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active', 'A', 's', 'q', 'p');
create table activity_logs (id uuid primary key, action text, "Group By" text, created_at timestamptz default now());
insert into activity_logs values ('00000000-0000-0000-0000-0000000000c1', 'x', 'g');
