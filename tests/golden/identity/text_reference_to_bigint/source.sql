-- A text reference to an integer key takes the key's type; what is no such key is an orphan.
create table users (id bigint primary key);
insert into users values (5);
create table notifications (id int primary key, user_id text);
insert into notifications values (1, '5'), (2, 'abc'), (3, '6'), (4, null);
create table customer_profiles (id uuid primary key, user_id text, status text);
insert into customer_profiles values ('00000000-0000-0000-0000-0000000000b1', '5', 'active');
