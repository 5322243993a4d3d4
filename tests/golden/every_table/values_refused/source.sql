-- No value of a single row ends a run: what the target's type, domain or range refuses costs that row, or, in a pointer
-- that may be null, is null and noted. Found in either lane, in whatever page or partition it lies.
create domain ulid as varchar(26) not null check (value ~ '^[0-9A-Z]{26}$');
create table users (id ulid primary key);
insert into users values ('01J00000000000000000000001'), ('01J00000000000000000000002');

-- A domain whose function has become stricter than what is stored.
create function fine(n int) returns boolean language sql immutable as 'select true';
create domain checked as int check (fine(value));
create table coupons (id int primary key, n checked, filler text);
insert into coupons select i, case when i in (1, 777, 3000) then 13 else i + 13 end, repeat('x', 500)
from generate_series(1, 3000) as i;
create table coupon_uses (id int primary key, coupon_id int not null references coupons, created_at timestamptz);
insert into coupon_uses values (1, 777, '2024-01-01'), (2, 778, '2024-01-01');
create table pricing_packages (id int, part int, n checked, primary key (id, part)) partition by list (part);
create table packages_1 partition of pricing_packages for values in (1);
create table packages_2 partition of pricing_packages for values in (2);
insert into pricing_packages select i, 1 + i % 2, case when i = 30 then 13 else i + 13 end
from generate_series(1, 60) as i;
create type pair as (n checked, m int);
create table activity_logs (
    id uuid primary key, user_id text, action text, created_at timestamptz, n checked, several checked[], couple pair
);
insert into activity_logs values
    ('00000000-0000-0000-0000-0000000000b1', 'ghost', 'x', '2024-01-01+00', 1, null, null),
    ('00000000-0000-0000-0000-0000000000b2', 'too long to be the id of any user', 'x', '2024-01-01+00', 2, null, null),
    ('00000000-0000-0000-0000-0000000000b3', null, 'x', '2024-01-01+00', 3, null, null),
    ('00000000-0000-0000-0000-0000000000b4', '01J00000000000000000000001', 'x', '2024-01-01+00', 13, null, null),
    ('00000000-0000-0000-0000-0000000000b5', null, 'x', '2024-01-01+00', 3, '{1,13}', null),
    ('00000000-0000-0000-0000-0000000000b6', null, 'x', '2024-01-01+00', 3, '{1}', '(13,1)'),
    ('00000000-0000-0000-0000-0000000000b7', null, 'x', '2024-01-01+00', 3, '{1}', '(1,13)');
create or replace function fine(n int) returns boolean language sql immutable as 'select n <> 13';

-- Breaks a check that the legacy database has not validated either: it stays.
create domain pct as int;
create table discounts (id int primary key, p pct, created_at timestamptz);
insert into discounts values (1, 500, '2024-01-01');
alter domain pct add constraint most check (value <= 100) not valid;

-- Times that are none.
create table developer_profiles (id uuid primary key, user_id ulid, status text, approved_at date, created_at date);
insert into developer_profiles values
    ('00000000-0000-0000-0000-0000000000d1', '01J00000000000000000000001', 'approved', '5874897-12-31', null),
    ('00000000-0000-0000-0000-0000000000d2', '01J00000000000000000000002', 'approved', '2024-01-01', '2024-01-01');
create table tutor_profiles (id uuid primary key, user_id ulid, status text, approved_at bigint, updated_at text);
insert into tutor_profiles values
    ('00000000-0000-0000-0000-0000000000e1', '01J00000000000000000000001', 'approved', 20240101, '2024-01-01'),
    ('00000000-0000-0000-0000-0000000000e2', '01J00000000000000000000002', 'approved', null, '2024-02-29 10:00');
create table onboarding_submissions (id uuid primary key, user_id ulid, status text, submitted_at double precision,
    reviewed_at time, form_data json, created_at bigint);
insert into onboarding_submissions values
    ('00000000-0000-0000-0000-0000000000c1', '01J00000000000000000000001', 'draft', 1700000000.5, null, '{}', null),
    ('00000000-0000-0000-0000-0000000000c2', '01J00000000000000000000001', 'draft', null, '10:00', '{}', null),
    ('00000000-0000-0000-0000-0000000000c3', '01J00000000000000000000001', 'draft', null, null, '"\u0000"', null),
    ('00000000-0000-0000-0000-0000000000c4', '01J00000000000000000000001', 'draft', null, null, '"\ud800"', null),
    ('00000000-0000-0000-0000-0000000000c5', '01J00000000000000000000001', 'draft', null, null, '{}', 1700000000),
    ('00000000-0000-0000-0000-0000000000c6', '01J00000000000000000000001', 'draft', null, null, '{}', null);

-- A domain that takes no null: an orphan costs its row, and what is made beside it.
create domain user_ref as varchar(26) not null;
create table reviews (id int primary key, user_id user_ref, display_order int);
insert into reviews values (1, 'ghost', 3), (2, '01J00000000000000000000001', 4);
