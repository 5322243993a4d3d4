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
