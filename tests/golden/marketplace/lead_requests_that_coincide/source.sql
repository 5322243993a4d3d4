-- Two professionals merged into one profile asked for one lead: the kept unique key lets one row in, the other is
-- rejected.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active');
create table professionals (id uuid primary key, user_id uuid, profession text);
insert into professionals values ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a1',
    'tutor'), ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-0000000000a1', 'Tutor');
create table requirements (id uuid primary key);
insert into requirements values ('00000000-0000-0000-0000-0000000000e1');
create table lead_requests (id uuid primary key, requirement_id uuid references requirements (id),
    professional_id uuid references professionals (id),
  unique (requirement_id, professional_id));
insert into lead_requests values ('00000000-0000-0000-0000-0000000000f1', '00000000-0000-0000-0000-0000000000e1',
    '00000000-0000-0000-0000-0000000000d1'), ('00000000-0000-0000-0000-0000000000f2',
    '00000000-0000-0000-0000-0000000000e1', '00000000-0000-0000-0000-0000000000d2');
