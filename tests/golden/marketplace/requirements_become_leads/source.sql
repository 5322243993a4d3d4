-- requirements are called leads; lead_requests: requirement_id is lead_id, professional_id is user_role_profile_id.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active');
create table professionals (id uuid primary key, user_id uuid, profession text);
insert into professionals values ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a1',
    'tutor'), ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-0000000000a2', null);
create table requirements (id uuid primary key, user_id uuid references users (id), title text, budget money);
insert into requirements values ('00000000-0000-0000-0000-0000000000e1', '00000000-0000-0000-0000-0000000000a2',
    'maths lessons', '1200.50'), ('00000000-0000-0000-0000-0000000000e2', '00000000-0000-0000-0000-0000000000a2',
    'physics', null);
create table lead_requests (id uuid primary key, requirement_id uuid not null references requirements (id),
    professional_id uuid references professionals (id),
  message text, unique (requirement_id, professional_id));
insert into lead_requests values ('00000000-0000-0000-0000-0000000000f1', '00000000-0000-0000-0000-0000000000e1',
    '00000000-0000-0000-0000-0000000000d1', 'me'), ('00000000-0000-0000-0000-0000000000f2',
    '00000000-0000-0000-0000-0000000000e2', '00000000-0000-0000-0000-0000000000d1', 'me too'),
    ('00000000-0000-0000-0000-0000000000f3', '00000000-0000-0000-0000-0000000000e1',
    '00000000-0000-0000-0000-0000000000d2', 'rejected');
