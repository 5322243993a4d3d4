-- A text reference that matches no row is an orphan, not a new id.
create table users (id text primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2'),
    ('legacy-7');
create table notifications (id int primary key, user_id text);
insert into notifications values (1, 'ghost'), (2, 'legacy-7'), (3, '00000000-0000-0000-0000-0000000000a9');
create table customer_profiles (id uuid primary key, user_id text, status text);
insert into customer_profiles values ('00000000-0000-0000-0000-0000000000b1', 'ghost', 'active'),
    ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a1', 'active');
