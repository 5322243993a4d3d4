-- Generated columns are generated again, of a renamed and of a carried table.
create table users (id uuid primary key, first text, last text,
    full_name text generated always as (first || ' ' || last) stored);
insert into users values ('00000000-0000-0000-0000-0000000000a1', 'Ann', 'Rao'),
    ('00000000-0000-0000-0000-0000000000a2', null, 'x');
create table requirements (id int primary key, qty int, price numeric(6,2),
    total numeric generated always as (qty * price) stored);
insert into requirements values (1, 3, 1.50);
