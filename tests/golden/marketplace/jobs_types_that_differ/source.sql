-- A job_type that employment_type's type cannot take is noted, and stops nobody.
create table users (id uuid primary key);
create table jobs (id int primary key, job_type text, employment_type int);
insert into jobs values (1, 'full', null), (2, null, 7), (3, 'part', 8);
