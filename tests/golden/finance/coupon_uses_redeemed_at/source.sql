-- A database that already says redeemed_at needs no rename; coupon_uses without payment_id still gains order_id.
create table users (id uuid primary key);
create table coupon_uses (id int primary key, redeemed_at timestamptz);
insert into coupon_uses values (1, '2024-01-01+00');
