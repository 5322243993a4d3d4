-- What PostgreSQL 18 has and older servers lack: dropped, weakened or made otherwise there.
-- from 18
-- refused before 15: NUMERIC scale -1 must be between
create extension btree_gist;
create table users (id uuid primary key, email text, virtual text generated always as (email || 'x'), stored text generated always as (lower(email)) stored, constraint mail_wanted not null email);
create table once (id int primary key, a text, unique nulls not distinct (a), constraint lax check (id > 5) not enforced);
create table parted (id int generated always as identity, day date) partition by range (day);
create table parted_1 partition of parted for values from (minvalue) to (maxvalue);
create table times (room int, during daterange, constraint times_pk primary key (room, during without overlaps));
create table bookings (room int, during daterange, constraint booked foreign key (room, period during) references times (room, period during));
create table refs (a int, b int, user_id uuid, foreign key (user_id) references users (id) on delete set null (user_id));
create table numbers (id int primary key, n numeric(3, -1), m int8multirange, d nummultirange[]);
insert into users (id, email) values ('11111111-1111-4111-8111-000000000001', 'A');
insert into once values (1, 'a'); insert into parted (day) values ('2020-01-01'); insert into times values (1, '[2020-01-01,2020-02-01)'); insert into bookings values (1, '[2020-01-02,2020-01-05)');
insert into numbers values (1, 120, '{[1,2)}', array['{[1,2]}'::nummultirange]);
create function merged() returns void language plpgsql as 'begin merge into once using (select 1 as id) s on once.id = s.id when matched then do nothing; end';
