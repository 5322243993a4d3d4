-- Configurations are copied: external and polymorphic ids stay text even where they look like UUIDs.
create table users (id uuid primary key);
create table dashboard_configs (id int primary key, key text unique, entity_id text, reference_id text, layout json);
insert into dashboard_configs values (1, '00000000-0000-0000-0000-0000000000e1',
    '00000000-0000-0000-0000-0000000000e2', 'x', '{"b":1,  "a":1, "a":2}');
create table runtime_configs (key text primary key, value jsonb);
insert into runtime_configs values ('flag', 'true'), ('00000000-0000-0000-0000-0000000000e3', '{"x": 1.00}');
