-- A job that goes as the double of another takes its applications along, whose foreign key stood by then. In a table that
-- refers to itself the grandchildren go for the same reason as the children.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table jobs (id uuid primary key, user_id text unique);
insert into jobs values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000A1'),
    ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a1');
create table applications (id uuid primary key, job_id uuid);
insert into applications values ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000b1'),
    ('00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-0000000000b2');
create table kb_categories (id uuid primary key, name text, user_id text unique,
    parent_id uuid not null references kb_categories (id));
insert into kb_categories values ('00000000-0000-0000-0000-0000000000d1', 'root', null,
    '00000000-0000-0000-0000-0000000000d1'), ('00000000-0000-0000-0000-0000000000d2', 'double',
    '00000000-0000-0000-0000-0000000000A1', '00000000-0000-0000-0000-0000000000d1'),
    ('00000000-0000-0000-0000-0000000000d3', 'child', null, '00000000-0000-0000-0000-0000000000d2'),
    ('00000000-0000-0000-0000-0000000000d4', 'grandchild', null, '00000000-0000-0000-0000-0000000000d3'),
    ('00000000-0000-0000-0000-0000000000d5', 'stays', '00000000-0000-0000-0000-0000000000a1',
    '00000000-0000-0000-0000-0000000000d1');
