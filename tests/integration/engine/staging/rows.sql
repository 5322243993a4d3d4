-- Rows for nasty.sql, and what else a staging copy meets: a table of the books' own name, rows that constraints never
-- judged, cycles, tables without keys or columns, policies, triggers that refuse, extensions' types.
insert into "order" ("Full Name", "x""; drop table users; --", feeling, feelings, deep, contact, contacts, home, "during",
                     quantity, bits, gap, raw)
select e'Zoë\t' || n || e'\n\\N\\.\r"', null, 'it''s "fine"', '{happy,"back\\slash",NULL}', '[2:3][1:2]={{happy,happy},{NULL,happy}}',
       'a' || n || '@example.com', array['b@c', 'd@e'], row(e'x,"\\', n, 'b', '{happy}')::address, span(n, n + 1), n + 1, b'101', '3 days', '\'
from generate_series(1, 50) n;
insert into child ("order", a, b, parent, room) select 10, n, n, nullif(n - 1, 0), n from generate_series(1, 40) n;
update child set parent = 40 where id = 1; -- a circle
insert into whole (a, b, child_id) select n, n, n from generate_series(1, 30) n;
alter table "order" drop constraint late;
update "order" set quantity = -1 where "select" = 10;
alter table "order" add constraint late check (quantity > 0) not valid;
insert into "Tür" (id, whole_id) select 100 + row_number() over (), id from whole;
insert into measured values (1, '2024-03-01', 'a', 1.5), (2, '2024-04-01', 'b', 2), (100, '2024-05-01', 'a', 3),
    (1, '2025-01-01', 'a', 4);

create table nxtgauge_staging (id integer primary key, "Books" text);
insert into nxtgauge_staging values (1, 'mine'), (2, null), (3, '');
create table keyless (value text, kind regclass);
insert into keyless select 'v' || n % 7, 'child'::regclass from generate_series(1, 2000) n;
delete from keyless where value = 'v3';
create table no_columns ();
insert into no_columns default values;
insert into no_columns default values;
create table only_generated (a integer generated always as (7) stored);
insert into only_generated default values;
create table pairs (a integer, b text, next_a integer, next_b text, primary key (a, b),
    foreign key (next_a, next_b) references pairs (a, b) deferrable initially deferred);
insert into pairs values (1, 'x', 2, 'y'), (2, 'y', 1, 'x'), (3, 'z', 3, null);
create table shy (id integer primary key, secret text);
insert into shy values (1, 's');
alter table shy enable row level security;
alter table shy force row level security;
create policy nobody on shy using (false);
create function refuse() returns trigger language plpgsql as $$ begin raise 'not here'; end $$;
create trigger refuse before insert or update or delete or truncate on pairs execute function refuse();
create schema "Ext Apps";
create extension citext schema "Ext Apps";
create extension hstore schema "Ext Apps";
create table named (name "Ext Apps".citext primary key, others "Ext Apps".citext[], told "Ext Apps".hstore);
insert into named values ('Anna', '{B,NULL,"c d"}', 'a=>1'), ('ÉVA', null, null);
create schema elsewhere;
create table elsewhere.parent (id integer primary key);
insert into elsewhere.parent values (1);
create table abroad (id integer references elsewhere.parent (id));
insert into abroad values (1);
create view outward as select id from elsewhere.parent;
select setval('free_seq', 503, false);
