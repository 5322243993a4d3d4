-- The role of a professional may stand in a column called role.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table professionals (id uuid primary key, user_id uuid references users (id), role text);
insert into professionals values ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a1',
    'Graphic Designer');
