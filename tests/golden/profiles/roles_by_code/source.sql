-- role_id by the code of roles.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table roles (id uuid primary key, code text not null);
insert into roles values ('00000000-0000-0000-0000-0000000000c1', 'FITNESS-TRAINER'),
    ('00000000-0000-0000-0000-0000000000c2', 'JobSeeker');
create table fitness_trainer_profiles (id uuid primary key, user_id uuid references users (id), status text);
create table job_seeker_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into fitness_trainer_profiles values ('00000000-0000-0000-0000-0000000000b1',
    '00000000-0000-0000-0000-0000000000a1', 'active');
insert into job_seeker_profiles values ('00000000-0000-0000-0000-0000000000b2',
    '00000000-0000-0000-0000-0000000000a1', 'active');
