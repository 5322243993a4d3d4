-- One order, item and transaction per payment: tax over its invoices, discount over its coupon uses, the earliest
-- use's coupon.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table pricing_packages (id uuid primary key, name text);
insert into pricing_packages values ('00000000-0000-0000-0000-000000000010', 'Gold');
create table coupons (id uuid primary key, code text not null unique);
insert into coupons values ('00000000-0000-0000-0000-000000000021', 'WELCOME'),
    ('00000000-0000-0000-0000-000000000022', 'DIWALI');
create table payments (id uuid primary key, user_id uuid not null references users (id),
    amount numeric(12,2) not null, currency text, status text,
  package_id uuid references pricing_packages (id), gateway text, gateway_payment_id text,
      created_at timestamptz not null, updated_at timestamptz not null);
insert into payments values
  ('00000000-0000-0000-0000-000000000031', '00000000-0000-0000-0000-0000000000a1', 1180.00, 'INR', 'captured',
      '00000000-0000-0000-0000-000000000010', 'razorpay', 'pay_1', '2024-01-05+00', '2024-01-06+00'),
  ('00000000-0000-0000-0000-000000000032', '00000000-0000-0000-0000-0000000000a2', 500, 'USD', 'Pending', null, null,
      null, '2024-02-05+00', '2024-02-05+00');
create table invoices (id uuid primary key, payment_id uuid references payments (id), number text,
    tax_amount numeric(12,2));
insert into invoices values ('00000000-0000-0000-0000-000000000041', '00000000-0000-0000-0000-000000000031', 'I-1',
    100), ('00000000-0000-0000-0000-000000000042', '00000000-0000-0000-0000-000000000031', 'I-2', 80),
    ('00000000-0000-0000-0000-000000000043', null, 'I-3', 7), ('00000000-0000-0000-0000-000000000044',
    '00000000-0000-0000-0000-000000000032', 'I-4', null);
create table coupon_uses (id uuid primary key, coupon_id uuid references coupons (id),
    user_id uuid references users (id), payment_id uuid references payments (id),
  discount_amount numeric(12,2), used_at timestamptz not null);
insert into coupon_uses values
  ('00000000-0000-0000-0000-000000000051', '00000000-0000-0000-0000-000000000022',
      '00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-000000000031', 60, '2024-01-02+00'),
      ('00000000-0000-0000-0000-000000000052', '00000000-0000-0000-0000-000000000021',
      '00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-000000000031', 40, '2024-01-01+00'),
      ('00000000-0000-0000-0000-000000000053', '00000000-0000-0000-0000-000000000021',
      '00000000-0000-0000-0000-0000000000a2', null, 9, '2024-01-01+00');
