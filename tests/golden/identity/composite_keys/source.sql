-- Composite keys are replayed; a rejected row's key is a JSON array in key order; natural keys stay text.
create table users (id uuid primary key);
create table roles (id int primary key, key text);
insert into roles values (1, 'admin');
create table role_permissions (permission text, role_id int, granted boolean, primary key (role_id, permission));
insert into role_permissions values ('00000000-0000-0000-0000-0000000000e1', 1, true), ('jobs.edit', 1, null),
    ('jobs."x"', 9, false);
create table grants (id int primary key, role int, permission text, foreign key (role,
    permission) references role_permissions (role_id, permission));
insert into grants values (1, 1, 'jobs.edit'), (2, 1, null);
