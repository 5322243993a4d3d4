-- A text id that is mostly UUIDs becomes uuid; the others are derived and mapped, and every reference follows.
create table users (id text primary key, email text);
insert into users values ('00000000-0000-0000-0000-0000000000A1', 'upper'), ('00000000-0000-0000-0000-0000000000a2',
    'plain'), ('{00000000-0000-0000-0000-0000000000a3}', 'braces'), ('legacy-7', 'old');
create table notifications (id int primary key, user_id text references users (id));
insert into notifications values (1, '00000000-0000-0000-0000-0000000000A1'), (2, 'legacy-7'), (3, null), (4,
    '{00000000-0000-0000-0000-0000000000a3}');
create table email_logs (id int primary key, user_id varchar(60));
insert into email_logs values (1, '00000000-0000-0000-0000-0000000000a1'), (2, 'legacy-7'), (3,
    '00000000-0000-0000-0000-0000000000a2');
create table tutor_profiles (id uuid primary key, user_id text not null, status text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', 'legacy-7', 'active'),
    ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a2', 'active');
create table onboarding_submissions (id uuid primary key, user_id text, status text, role text, reviewed_by text);
insert into onboarding_submissions values ('00000000-0000-0000-0000-0000000000c1', 'legacy-7', 'approved', 'tutor',
    '00000000-0000-0000-0000-0000000000a2');
