-- References of the new tables to parents whose id is not unique: they have the legacy column's type and no constraint,
-- or point at the unique that the legacy reference points at.
create table users (id bigint, tenant int, primary key (id, tenant));
insert into users values (1, 1), (2, 1);
create table roles (key text primary key, id text);
insert into roles values ('tutor', 'r-1');
create table coupons (id int unique deferrable, code text);
insert into coupons values (9, 'A');
create table pricing_packages (code text unique not null, name text);
insert into pricing_packages values ('gold', 'G');
create table payments (id text, user_id bigint, amount numeric(12,2), currency text, status text,
    package_id text references pricing_packages (code), created_at timestamptz) partition by range (created_at);
create table payments_a partition of payments for values from ('2024-01-01') to ('2025-01-01');
insert into payments values ('p1', 1, 5, 'INR', 'paid', 'gold', '2024-02-01'),
    ('p2', 2, 6, 'INR', 'paid', null, '2024-03-01');
create table coupon_uses (id int primary key, coupon_id int, user_id bigint, payment_id text, used_at timestamptz);
insert into coupon_uses values (1, 9, 1, 'p1', '2024-02-02+00');
create table kb_categories (id text, name text, slug text);
insert into kb_categories values ('c1', 'C', 'c');
create table reviews (id bigint, is_featured boolean, body text);
insert into reviews values (1, true, 'b');
create table tutor_profiles (id uuid primary key, user_id bigint, status text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', 1, 'active');
create table activity_logs (id uuid primary key, user_id bigint, action text);
insert into activity_logs values ('00000000-0000-0000-0000-000000000041', 77, 'nobody says who');
