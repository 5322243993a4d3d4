-- Foreign keys are quarantined to a fixpoint: children of children follow; nullable pointers are nulled instead.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table jobs (id int primary key, title text);
insert into jobs values (1, 'a');
create table applications (id int primary key, job_id int);
insert into applications values (1, 1), (2, 9);
create table interviews (id int primary key, application_id int not null references applications (id));
insert into interviews values (1, 1), (2, 2);
create table interview_notes (id int primary key, interview_id int not null references interviews (id),
    reply_to int references interview_notes (id));
insert into interview_notes values (1, 1, null), (2, 2, 1), (3, 1, 2), (4, 2, 3);
