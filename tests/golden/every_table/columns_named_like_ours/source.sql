-- Columns that bear the names of the program's own (key, x, t, tid) arrive, and stand in no query's way.
create table users (id uuid primary key, key text, x int, t text);
insert into users values ('00000000-0000-0000-0000-0000000000a1', 'k', 1, 'tea');
create table tutor_profiles (id uuid primary key, user_id uuid, status text, key text, x int, t text, tid text);
insert into tutor_profiles values
    ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1', 'active', 'k', 1, 'tea', 'i');
create table company_profiles (id bigint generated always as identity primary key, user_id uuid, status text, t text);
insert into company_profiles (user_id, status, t) values ('00000000-0000-0000-0000-0000000000a1', 'active', 'tea');
create table onboarding_states (user_id uuid, role text, t text);
insert into onboarding_states values ('00000000-0000-0000-0000-0000000000a1', 'developer', 'tea');
