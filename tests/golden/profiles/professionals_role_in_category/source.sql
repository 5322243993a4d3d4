-- The role of a professional may stand in a column called category; its text id that is no UUID is derived.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table professionals (id text primary key, user_id uuid references users (id), category text,
    years_of_work int);
insert into professionals values ('pro-1', '00000000-0000-0000-0000-0000000000a1', 'social media manager', 12);
