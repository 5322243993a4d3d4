-- pricing_package_id, provider, provider_payment_id, tax and discount are other names of the same; bigint ids derive.
create table users (id bigint primary key);
insert into users values (5);
create table pricing_packages (id bigint primary key);
insert into pricing_packages values (3);
create table coupons (id bigint primary key);
insert into coupons values (8);
create table payments (id bigint primary key, user_id bigint, amount numeric(12,2), currency text, status text,
    pricing_package_id bigint, provider text, provider_payment_id text);
insert into payments values (1, 5, 100, 'INR', 'paid', 3, 'stripe', 'ch_1');
create table invoices (id bigint primary key, payment_id bigint, tax numeric(12,2));
insert into invoices values (1, 1, 18);
create table coupon_uses (id bigint primary key, coupon_id bigint, payment_id bigint, discount numeric(12,2),
    used_at timestamptz);
insert into coupon_uses values (1, 8, 1, 10, '2024-01-01+00');
