-- job_type becomes employment_type; its check and index follow the new name.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table jobs (id uuid primary key, user_id uuid references users (id), title text not null,
  job_type varchar(20) not null default 'full_time' constraint jobs_type_check check (job_type in ('full_time',
      'part_time')));
create index jobs_type_idx on jobs (job_type) where job_type <> 'part_time';
insert into jobs values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1', 'Cook',
    'part_time'), ('00000000-0000-0000-0000-0000000000b2', null, 'Waiter', 'full_time');
