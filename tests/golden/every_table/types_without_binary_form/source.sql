-- Types that are never sent as bytes (isbn, seg, aclitem), and whatever is made of such, arrive as they are.
create extension isn;
create extension seg;
create domain book as isbn13;
create type part as (print isbn13, number int);
create type segs as range (subtype = seg);
create table users (id uuid primary key);
insert into users values ('11111111-1111-4111-8111-111111111111');
create table photographer_profiles (id uuid primary key, user_id uuid, status text, print isbn13, span seg);
insert into photographer_profiles values
    ('aaaaaaaa-0000-4000-8000-000000000001', '11111111-1111-4111-8111-111111111111', 'approved', '978-0-393-04002-9', '~1');
create table books (
    id int primary key, print isbn13 unique, book book, prints isbn13[], part part, span seg, spans segs, rights aclitem[]
);
insert into books values
    (1, '978-0-393-04002-9', '978-0-393-04002-9', '{978-0-393-04002-9,NULL}', '(978-0-393-04002-9,2)', '1 .. 2.50', '[1,2)', '{=r/postgres}'),
    (2, null, null, null, null, null, null, null);
