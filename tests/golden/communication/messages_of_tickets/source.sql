-- A message of an absent ticket is rejected; a ticket or notification of an absent user has its pointer nulled and
-- noted.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table support_tickets (id int primary key, user_id uuid, subject text);
insert into support_tickets values (1, '00000000-0000-0000-0000-0000000000a1', 'help'), (2,
    '00000000-0000-0000-0000-0000000000a9', 'who'), (3, null, '');
create table support_ticket_messages (id int primary key, ticket_id int, body text);
insert into support_ticket_messages values (1, 1, 'a'), (2, 8, 'b'), (3, 2, 'c');
create table notifications (id int primary key, user_id uuid not null, body text);
insert into notifications values (1, '00000000-0000-0000-0000-0000000000a1', 'x'), (2,
    '00000000-0000-0000-0000-0000000000a9', 'y');
create table email_logs (id int primary key, user_id uuid, "to" text);
insert into email_logs values (1, '00000000-0000-0000-0000-0000000000a8', 'ghost@example.in');
