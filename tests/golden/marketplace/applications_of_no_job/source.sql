-- job_id is declared by the mapping: an application of an absent job is rejected with it.
create table users (id uuid primary key);
create table jobs (id uuid primary key);
insert into jobs values ('00000000-0000-0000-0000-0000000000b1');
create table applications (id uuid primary key, job_id uuid not null, cover text);
insert into applications values ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000b1',
    'hello'), ('00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-0000000000b9', 'lost');
