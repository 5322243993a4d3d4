-- Rows of a table without a key are carried, duplicates included; a rejected one is known by its ctid. What
-- a rule cannot do without an id is rejected for that.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table email_logs (subject text, sent_at timestamptz);
insert into email_logs values ('hi', null), ('hi', null), (null, '2024-01-01+00');
create table notifications (user_id uuid not null, body text);
insert into notifications values ('00000000-0000-0000-0000-0000000000a1', 'kept'),
    ('00000000-0000-0000-0000-0000000000a9', 'lost'), ('00000000-0000-0000-0000-0000000000a1', 'kept');
create table professionals (id uuid, user_id uuid, role text);
insert into professionals values (null, '00000000-0000-0000-0000-0000000000a1', 'tutor'),
    ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a1', 'developer');
