-- Ids that PostgreSQL takes for one are one: char(n) without its padding, citext without case, numbers without an empty
-- scale, domains as their base type; references follow in whatever of these types. Where an id is not unique the
-- reference of the new table has the legacy column's type, or points at the unique that there is.
create extension citext;
create domain role_uid as uuid not null;
create table users (id char(26) primary key, language text);
insert into users values ('short', 'ta'), ('other', null);
create table user_settings (user_id text, preferences jsonb);
insert into user_settings values ('short', '{}');
create table roles (id role_uid primary key, key text);
insert into roles values ('aaaaaaaa-0000-4000-8000-000000000001', 'tutor');
create table user_roles (user_id varchar(40), role_id text);
insert into user_roles values ('short', '{AAAAAAAA-0000-4000-8000-000000000001}'), ('other', 'AAAAAAAA000040008000000000000001');
create table kb_categories (id citext primary key, name text, slug text);
insert into kb_categories values ('KB-1', 'c', 'c');
create table kb_articles (id citext primary key, title text, category_id text);
insert into kb_articles values ('A-1', 'a', 'kb-1');
create table jobs (id bigint primary key, title text);
insert into jobs values (1234567890123456789, 't');
create table applications (id int primary key, job_id text);
insert into applications values (1, '1234567890123456789');
create table tracecoin_wallets (id numeric primary key, user_id name);
insert into tracecoin_wallets values (7, 'short');
create table tracecoin_ledger (id int primary key, wallet_id text, amount int);
insert into tracecoin_ledger values (1, '7.0', 5), (2, '7', 6);
create table support_tickets (id bigint primary key, user_id char(30));
insert into support_tickets values (5, 'short');
create table support_ticket_messages (id int primary key, ticket_id numeric);
insert into support_ticket_messages values (1, 5.00);
create table coupons (code text primary key);
insert into coupons values ('A');
create table payments (id bigint, user_id text, amount numeric(12,2), currency text, status text, created_at timestamptz,
    primary key (id, created_at));
insert into payments values (1, 'short', 5, 'INR', 'paid', '2024-01-01+00'), (2, 'nobody', 6, 'INR', 'paid', '2024-01-02+00');
create table coupon_uses (coupon_id text references coupons (code), user_id varchar(40), payment_id numeric,
    used_at timestamptz, primary key (coupon_id, user_id));
insert into coupon_uses values ('A', 'short', 1.0, '2024-01-01+00');
create table tutor_profiles (id numeric primary key, user_id char(40), status text);
insert into tutor_profiles values (7.0, 'short', 'active');
create table professionals (id numeric(20,0) primary key, user_id varchar(30), profession text);
insert into professionals values (70, 'short', 'tutor');
create table services (id numeric primary key, professional_id text);
insert into services values (1.00, '70'), (2, '7');
create table onboarding_submissions (id char(8) primary key, user_id text, status text, role text, reviewed_by bigint);
insert into onboarding_submissions values ('s1', 'short', 'approved', 'tutor', 5);
create table verifications (id citext primary key, user_id citext, type text, status text, verified_by bigint);
insert into verifications values ('V-1', 'short', 'email', 'approved', 6);
create table verification_logs (id int primary key, verification_id citext references verifications (id));
insert into verification_logs values (1, 'v-1');
create table activity_logs (id uuid primary key, user_id name, action text, created_at timestamptz);
insert into activity_logs values ('00000000-0000-0000-0000-000000000041', 'ghost', 'x', '2024-01-01+00'),
    ('00000000-0000-0000-0000-000000000042', 'short', 'y', '2024-01-01+00');
create table x_refs (id int primary key, p numeric(10,2) references tutor_profiles (id), s numeric references services (id),
    o char(12) references onboarding_submissions (id));
insert into x_refs values (1, 7.00, 1, 's1');
create table departments (id char(40) primary key, name text);
insert into departments values ('DDDDDDDD-0000-4000-8000-000000000001', 'd');
create table employees (id int primary key, department_id text references departments (id));
insert into employees values (1, 'DDDDDDDD-0000-4000-8000-000000000001');
create table requirements (id citext primary key, title text);
insert into requirements values ('R-1', 't');
create table lead_requests (id int primary key, requirement_id char(8), professional_id text);
insert into lead_requests values (1, 'r-1', '70');
create table submission_documents (id int primary key, submission_id char(12), document_type text, file_url text,
    requirement_id char(10), wallet_id numeric(10,2));
insert into submission_documents values (1, 's1', 'pan', 's3://1', 'r-1', 7.00), (2, 's1', 'pan', 's3://2', null, 8.00);
