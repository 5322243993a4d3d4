-- An amount may be money in the legacy database: payments keeps it so, the order reads its number.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table payments (id int primary key, user_id uuid, amount money, currency text, status text);
insert into payments values (1, '00000000-0000-0000-0000-0000000000a1', 1234.50, 'INR', 'paid'), (2,
    '00000000-0000-0000-0000-0000000000a1', null, 'INR', 'paid');
create table invoices (id int primary key, payment_id int, tax money);
insert into invoices values (1, 1, 34.50);
