-- The gateway's reference may stand in transaction_id. Without invoices and coupon uses, tax and discount are 0.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table payments (id uuid primary key, user_id uuid, amount numeric(12,2), currency text, status text,
    gateway text, transaction_id text);
insert into payments values ('00000000-0000-0000-0000-000000000031', '00000000-0000-0000-0000-0000000000a1', 99.99,
    'INR', 'refunded', 'paytm', 'T1');
