-- A table that lacks created_at or updated_at gets it; a missing or null one comes from the first finite time of the
-- list, never expires_at.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table roles (id int primary key, key text);
insert into roles values (1, 'tutor');
create table user_roles (user_id uuid references users (id), role_id int references roles (id),
    assigned_at timestamptz, expires_at timestamptz, primary key (user_id, role_id));
insert into user_roles values ('00000000-0000-0000-0000-0000000000a1', 1, '2024-03-03+00', '2020-01-01+00');
create table account_deletion_requests (id int primary key, user_id uuid, requested_at timestamptz,
    submitted_at timestamptz, created_at timestamptz, updated_at timestamptz);
insert into account_deletion_requests values
  (1, '00000000-0000-0000-0000-0000000000a1', '2024-01-01+00', '2023-01-01+00', null, null), (2,
      '00000000-0000-0000-0000-0000000000a1', 'infinity', '2024-02-02+00', null, null),
  (3, '00000000-0000-0000-0000-0000000000a1', null, null, null, '2024-04-04+00'), (4,
      '00000000-0000-0000-0000-0000000000a1', '2024-01-01+00', null, '2024-05-05+00', null), (5,
      '00000000-0000-0000-0000-0000000000a1', null, null, null, '-infinity');
create table refresh_tokens (id int primary key, user_id uuid, issued_at timestamptz, expires_at timestamptz,
    created_at timestamp);
insert into refresh_tokens values (1, '00000000-0000-0000-0000-0000000000a1', '2024-06-06 10:00+00', '2030-01-01+00',
    null), (2, '00000000-0000-0000-0000-0000000000a1', null, '2030-01-01+00', '2024-07-07 11:00');
-- Of a type that is no time: a text says created_at as it stands, or the time; what is too short for it stays null, and
-- a number says what a number in created_at says, else nothing.
create table departments (id int primary key, issued_at timestamp, created_at text collate "C", updated_at varchar(40));
insert into departments values (1, null, 'early', null), (2, '2024-01-01 05:30', null, null), (3, null, '', 'late'),
    (4, '2024-01-01 05:30', null, '');
create table designations (id int primary key, issued_at date, created_at timestamp, updated_at char(20));
insert into designations values (1, '2024-01-01', '2024-05-05 05:30', null), (2, '2024-01-01', '2024-05-05 05:30:00.25',
    null);
create table employees (id int primary key, created_at bigint, updated_at bigint);
insert into employees values (1, 1700000000, null), (2, null, 5), (3, null, null);
