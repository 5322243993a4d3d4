"""Tables of every shape that the feed has to follow, and their first rows."""

DDL = """
    create table parents (id int primary key, email text unique, price numeric(8, 2));
    create table children (id uuid primary key, parent int, note text);
    create table pairs (a numeric, b text, value int, primary key (b, a));
    create table "Odd ""table" ("the ""key" text primary key, "%s" int);
    create table parts (day int, id int, value text, primary key (day, id)) partition by list (day);
    create table parts_1 partition of parts for values in (1, 2);
    create table parts_2 partition of parts default;
    create table keyless (value int);
    create table heirs (primary key (id)) inherits (parents);
"""
ROWS = """
    alter table children add foreign key (parent) references parents on delete cascade on update cascade;
    insert into parents select n, concat('e', n), n from generate_series(1, 300) as n;
    insert into children select gen_random_uuid(), n, 'a' from generate_series(1, 300) as n;
    insert into pairs select n, 'x', 0 from generate_series(1, 200) as n;
    insert into "Odd ""table" select concat('k', n), n from generate_series(1, 100) as n;
    insert into parts select n % 4, n, 'v' from generate_series(1, 200) as n;
    insert into keyless select generate_series(1, 50);
    insert into heirs select n, concat('h', n), n from generate_series(1, 20) as n;
"""
TABLES = ("parents", "children", "pairs", 'Odd "table', "parts", "keyless", "heirs")
