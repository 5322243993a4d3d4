-- Foreign keys in a cycle and to the table itself are replayed and hold; a member of a composite one that points at itself
-- says nothing of what the column names, and the mapping may.
create table users (id uuid primary key);
create table departments (id int primary key, name text, head_id int);
create table designations (id int primary key, title text);
create table employees (id int primary key, department_id int references departments (id),
    manager_id int references employees (id) on delete set null, designation_id int references designations (id));
alter table departments add constraint departments_head_fkey foreign key (head_id) references employees (id);
insert into departments values (1, 'Ops', null), (2, 'Sales', null);
insert into employees values (1, 1, null, null), (2, 1, 1, null), (3, 2, 3, null);
update departments set head_id = 2 where id = 1;
create table requirements (id int primary key, user_id uuid, parent int, unique (id, user_id),
    foreign key (parent, user_id) references requirements (id, user_id));
insert into requirements (id, parent) values (1, null), (2, 1);
