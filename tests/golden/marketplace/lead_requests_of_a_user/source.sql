-- A lead request with a user and no professional joins the user's only professional-role profile; its own columns
-- stay.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table developer_profiles (id uuid primary key, user_id uuid, status text);
insert into developer_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active');
create table requirements (id bigint primary key);
insert into requirements values (1);
create table lead_requests (id uuid primary key, requirement_id bigint, professional_id uuid, user_id uuid,
    quote numeric(10,4), state text);
insert into lead_requests values ('00000000-0000-0000-0000-0000000000f1', 1, null,
    '00000000-0000-0000-0000-0000000000a1', 1.5, 'Sent'), ('00000000-0000-0000-0000-0000000000f2', 1, null,
    '00000000-0000-0000-0000-0000000000a2', null, null), ('00000000-0000-0000-0000-0000000000f3', 9,
    '00000000-0000-0000-0000-0000000000b1', null, null, null);
