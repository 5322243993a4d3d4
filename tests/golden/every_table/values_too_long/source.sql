-- Nothing is truncated or rounded to fit. A profile's text goes to text, however long; a carried varchar keeps its
-- length.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status varchar(10),
    bio varchar(300), nick varchar(3));
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active', repeat('x', 300), 'abc');
create table payments (id int primary key, user_id uuid, amount numeric(14,3), currency text, status text);
insert into payments values (1, '00000000-0000-0000-0000-0000000000a1', 1.001, 'INR', 'paid');
