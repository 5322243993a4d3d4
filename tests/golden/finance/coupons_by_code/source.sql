-- A reference by a code is a value of its own: an order names its coupon and its package as the use and the payment do.
create extension citext;
create table users (id bigint primary key);
insert into users values (1);
create table coupons (code citext primary key);
insert into coupons values ('Spring');
create table pricing_packages (code citext primary key);
insert into pricing_packages values ('Gold');
create table payments (id bigint primary key, user_id bigint, amount numeric(12,2), currency text, status text,
    package_id citext references pricing_packages, created_at timestamptz);
insert into payments values (1, 1, 5, 'INR', 'paid', 'GOLD', '2024-02-01+00'), (2, 1, 5, 'INR', 'paid', null, '2024-02-01+00');
create table coupon_uses (id int primary key, coupon_id citext references coupons, user_id bigint, payment_id bigint, used_at timestamptz);
insert into coupon_uses values (1, 'SPRING', 1, 1, '2024-02-02+00'), (2, 'spring', 1, 2, '2024-02-02+00');
