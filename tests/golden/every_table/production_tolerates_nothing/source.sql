-- In production every reason has the tolerance 0 unless the profile says otherwise.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table support_ticket_messages (id int primary key, ticket_id int, body text);
create table support_tickets (id int primary key);
insert into support_ticket_messages values (1, 9, 'lost');
