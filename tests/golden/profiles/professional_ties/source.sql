-- Of professionals updated at one instant the one with the higher id creates.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table professionals (id uuid primary key, user_id uuid, profession text, bio text);
insert into professionals values ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-0000000000a1',
    'tutor', 'higher'), ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a1', 'tutor',
    'lower');
