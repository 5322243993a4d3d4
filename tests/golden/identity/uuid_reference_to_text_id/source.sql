-- An undeclared uuid reference to a text id that stays text becomes text, and matches where the text is its spelling.
create table users (id text primary key);
insert into users values ('u1'), ('u2'), ('00000000-0000-0000-0000-0000000000a3');
create table notifications (id int primary key, user_id uuid);
insert into notifications values (1, '00000000-0000-0000-0000-0000000000a3'), (2,
    '00000000-0000-0000-0000-0000000000a9');
