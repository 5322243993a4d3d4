-- References to a text id that becomes uuid follow wherever they stand: in a composite key, in the table itself,
-- under any name.
create table users (id text primary key, invited_by text references users (id) on delete set null);
insert into users values ('00000000-0000-0000-0000-0000000000a1', null), ('00000000-0000-0000-0000-0000000000a2',
    'legacy-7'), ('legacy-7', '00000000-0000-0000-0000-0000000000a1');
create table roles (id int primary key, key text);
insert into roles values (1, 'x');
create table user_roles (user_id text references users (id), role_id int references roles (id),
    granted_by text references users (id), primary key (user_id, role_id));
insert into user_roles values ('legacy-7', 1, '00000000-0000-0000-0000-0000000000a2'),
    ('00000000-0000-0000-0000-0000000000a1', 1, null);
