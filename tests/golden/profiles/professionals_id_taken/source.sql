-- A created root takes the professional's id, derived if a profile has it already.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table company_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into company_profiles values ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a1',
    'active');
create table professionals (id uuid primary key, user_id uuid references users (id), profession text);
insert into professionals values ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a2',
    'tutor');
