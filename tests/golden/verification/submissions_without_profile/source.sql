-- No profile of that role for that user: the request keeps a null profile, no approval is made, and a note says so.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table developer_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into developer_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active');
create table onboarding_submissions (id uuid primary key, user_id uuid, status text, role_key text, payload jsonb);
insert into onboarding_submissions values ('00000000-0000-0000-0000-0000000000c1',
    '00000000-0000-0000-0000-0000000000a1', 'pending', 'tutor', '{"s": 1}'), ('00000000-0000-0000-0000-0000000000c2',
    '00000000-0000-0000-0000-0000000000a1', 'draft', 'Makeup-Artist', '{}'), ('00000000-0000-0000-0000-0000000000c3',
    '00000000-0000-0000-0000-0000000000a1', 'approved', 'developer', null);
