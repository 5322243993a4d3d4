-- An amount may be money in the legacy database: payments keeps it so, the order reads its number. No rule reckons with
-- a text, or takes for an id what a declared key says is a code.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table payments (id int primary key, user_id uuid, amount money, currency text, status text);
insert into payments values (1, '00000000-0000-0000-0000-0000000000a1', 1234.50, 'INR', 'paid'), (2,
    '00000000-0000-0000-0000-0000000000a1', null, 'INR', 'paid');
create table invoices (id int primary key, payment_id int, tax money);
insert into invoices values (1, 1, 34.50);
create table tracecoin_wallets (id int primary key, code text unique, balance text);
insert into tracecoin_wallets values (1, 'main', 'some');
create table tracecoin_ledger (id int primary key, wallet_id text references tracecoin_wallets (code), amount money);
insert into tracecoin_ledger values (1, 'main', 5);
create table coupons (id uuid primary key, max_uses varchar(9), valid_from bigint, valid_to date);
insert into coupons values ('00000000-0000-0000-0000-0000000000c1', 'many', 1700000000, '2024-01-01');
create table coupon_uses (id int primary key, coupon_id uuid, used_at timestamptz);
insert into coupon_uses values (1, '00000000-0000-0000-0000-0000000000c1', '2025-01-01+00');
