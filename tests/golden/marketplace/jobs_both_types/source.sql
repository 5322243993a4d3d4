-- Where both exist employment_type wins if not null; a differing job_type is noted.
create table users (id uuid primary key);
create table jobs (id uuid primary key, job_type text, employment_type text);
insert into jobs values ('00000000-0000-0000-0000-0000000000b1', 'full', null),
    ('00000000-0000-0000-0000-0000000000b2', 'part', 'part'), ('00000000-0000-0000-0000-0000000000b3', 'full',
    'part'), ('00000000-0000-0000-0000-0000000000b4', null, 'temp'), ('00000000-0000-0000-0000-0000000000b5', null,
    null);
