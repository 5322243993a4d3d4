-- Orders of payments whose packages and coupons are kept nowhere have neither; the payment keeps what it says.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table payments (id uuid primary key, user_id uuid not null references users (id), amount numeric(12,2) not null,
    currency text, status text, package_id integer, gateway text, created_at timestamptz not null,
    updated_at timestamptz not null);
insert into payments values ('00000000-0000-0000-0000-000000000031', '00000000-0000-0000-0000-0000000000a1', 100,
    'INR', 'paid', 7, E'\t', '2024-01-05+00', '2024-01-06+00');
create table coupon_uses (id uuid primary key, coupon_id integer, user_id uuid references users (id), payment_id uuid
    references payments (id), discount_amount numeric(12,2), used_at timestamptz not null);
insert into coupon_uses values ('00000000-0000-0000-0000-000000000051', 9, '00000000-0000-0000-0000-0000000000a1',
    '00000000-0000-0000-0000-000000000031', 20, '2024-01-02+00');
