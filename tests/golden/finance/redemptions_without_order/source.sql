-- order_id only where the use names a payment that made an order; an absent payment is set null and noted.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table coupons (id uuid primary key);
insert into coupons values ('00000000-0000-0000-0000-000000000021');
create table payments (id uuid primary key, user_id uuid, amount numeric(12,2), currency text, status text);
insert into payments values ('00000000-0000-0000-0000-000000000031', '00000000-0000-0000-0000-0000000000a1', 1, 'INR',
    'odd'), ('00000000-0000-0000-0000-000000000032', '00000000-0000-0000-0000-0000000000a1', 2, 'INR', 'paid');
create table coupon_uses (id uuid primary key, coupon_id uuid, payment_id uuid, used_at timestamptz);
insert into coupon_uses values ('00000000-0000-0000-0000-000000000051', '00000000-0000-0000-0000-000000000021',
    '00000000-0000-0000-0000-000000000031', '2024-01-01+00'), ('00000000-0000-0000-0000-000000000052',
    '00000000-0000-0000-0000-000000000021', '00000000-0000-0000-0000-000000000032', '2024-01-02+00'),
    ('00000000-0000-0000-0000-000000000053', '00000000-0000-0000-0000-000000000021',
    '00000000-0000-0000-0000-000000000039', '2024-01-03+00'), ('00000000-0000-0000-0000-000000000054',
    '00000000-0000-0000-0000-000000000029', null, '2024-01-04+00');
