-- Unmapped and copied tables keep pointing at payments and coupons; a rejected payment takes its order away too.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table payments (id uuid primary key, user_id uuid not null, amount numeric(12,2), currency text, status text);
insert into payments values ('00000000-0000-0000-0000-000000000031', '00000000-0000-0000-0000-0000000000a1', 10,
    'INR', 'paid'), ('00000000-0000-0000-0000-000000000032', '00000000-0000-0000-0000-0000000000a9', 20, 'INR',
    'paid');
create table refunds (id int primary key, payment uuid references payments (id));
insert into refunds values (1, '00000000-0000-0000-0000-000000000031'), (2, '00000000-0000-0000-0000-000000000032');
create table invoices (id int primary key, payment_id uuid);
insert into invoices values (1, '00000000-0000-0000-0000-000000000031'), (2, '00000000-0000-0000-0000-000000000032');
