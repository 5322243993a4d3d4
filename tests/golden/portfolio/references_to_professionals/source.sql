-- Foreign keys of any table to professionals follow to user_role_profiles, with their action; a null one where the
-- row was rejected.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2'),
    ('00000000-0000-0000-0000-0000000000a3');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active');
create table professionals (id bigint primary key, user_id uuid, profession text);
insert into professionals values (1, '00000000-0000-0000-0000-0000000000a1', 'tutor'), (2,
    '00000000-0000-0000-0000-0000000000a2', 'tutor'), (3, '00000000-0000-0000-0000-0000000000a3', null);
create table "Time Slots" (id int primary key, pro bigint references professionals (id) on delete set null on update
    cascade deferrable initially deferred);
insert into "Time Slots" values (1, 1), (2, 2), (3, 3), (4, null);
create table bookings (id int primary key, pro bigint not null references professionals (id));
insert into bookings values (1, 1), (2, 3);
