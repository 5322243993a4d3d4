-- A text reference to an integer key takes the key's type; what is no such key is an orphan, of which a note tells the text.
create table users (id bigint primary key);
insert into users values (5);
create table notifications (id int primary key, user_id text);
insert into notifications values (1, '5'), (2, 'abc'), (3, '6'), (4, null);
create table customer_profiles (id uuid primary key, user_id text, status text);
insert into customer_profiles values ('00000000-0000-0000-0000-0000000000b1', '5', 'active');
create table activity_logs (id uuid primary key, user_id text, action text);
insert into activity_logs values ('00000000-0000-0000-0000-0000000000d1', '05', 'a'),
    ('00000000-0000-0000-0000-0000000000d2', 'ghost', 'b'), ('00000000-0000-0000-0000-0000000000d3', '', 'c');
create table onboarding_submissions (id uuid primary key, user_id uuid, status text, role text);
insert into onboarding_submissions values
    ('00000000-0000-0000-0000-0000000000e1', '00000000-0000-0000-0000-0000000000ff', 'draft', 'tutor');
create table coupons (id numeric primary key);
create table payments (id int primary key, user_id bigint, amount numeric, status text);
insert into payments values (1, 5, 5, 'paid');
create table coupon_uses (id int primary key, coupon_id text, payment_id int);
insert into coupon_uses values (1, 'gold', 1);
create table professionals (id int primary key, user_id bigint, role text);
insert into professionals values (7, 5, 'tutor');
create table services (id int primary key, professional_id char(5));
insert into services values (1, '7'), (2, '07');
create table kb_categories (id int primary key, parent_id text);
insert into kb_categories values (1, 'none');
