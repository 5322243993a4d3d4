-- Integer ids stay what they are, their sequence goes on, and every user_id of the new tables is bigint.
create table users (id bigserial primary key, email text);
insert into users (email) values ('ann'), ('bob');
insert into users values (900, 'cat');
create table customer_profiles (id uuid primary key, user_id bigint not null references users (id), status text);
insert into customer_profiles values ('00000000-0000-0000-0000-0000000000b1', 2, 'active'),
    ('00000000-0000-0000-0000-0000000000b2', 900, null);
create table onboarding_submissions (id uuid primary key, user_id bigint, status text, role text);
insert into onboarding_submissions values ('00000000-0000-0000-0000-0000000000c1', 2, 'approved', 'customer');
create table activity_logs (id uuid primary key, user_id bigint, action text,
    created_at timestamptz not null default now());
insert into activity_logs values ('00000000-0000-0000-0000-0000000000d1', 900, 'x');
