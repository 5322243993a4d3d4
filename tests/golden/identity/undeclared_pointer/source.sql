-- role_id is declared by the mapping: a pointer to an absent role is nulled and noted, and the target has the foreign
-- key.
create table users (id uuid primary key, role_id int);
create table roles (id int primary key, key text);
insert into roles values (1, 'admin');
insert into users values ('00000000-0000-0000-0000-0000000000a1', 1), ('00000000-0000-0000-0000-0000000000a2', 7),
    ('00000000-0000-0000-0000-0000000000a3', null);
