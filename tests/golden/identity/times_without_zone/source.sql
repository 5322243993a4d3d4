-- A time without zone is of the profile's zone where it becomes one with a zone; a copied column keeps its type and
-- its digits.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table user_roles (user_id uuid, role text, assigned_at timestamp, created_at timestamp, primary key (user_id,
    role));
insert into user_roles values ('00000000-0000-0000-0000-0000000000a1', 'x', '2024-01-01 05:30', '2024-01-01 05:30');
create table account_deletion_requests (id int primary key, user_id uuid, requested_at timestamp);
insert into account_deletion_requests values (1, '00000000-0000-0000-0000-0000000000a1', '2024-01-01 05:30:00.5');
