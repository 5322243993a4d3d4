-- applications are called job_applications; keys, foreign keys in and out, and indexes come along. Their status stays
-- as spelled.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table jobs (id uuid primary key, title text);
insert into jobs values ('00000000-0000-0000-0000-0000000000b1', 'Cook');
create table applications (id uuid primary key, job_id uuid not null references jobs (id) on delete cascade,
    user_id uuid not null references users (id),
  status text, unique (job_id, user_id));
insert into applications values ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000b1',
    '00000000-0000-0000-0000-0000000000a1', 'Short Listed'), ('00000000-0000-0000-0000-0000000000c2',
    '00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a2', null);
create table interviews (id int primary key, application_id uuid references applications (id));
insert into interviews values (1, '00000000-0000-0000-0000-0000000000c2');
