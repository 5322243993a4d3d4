-- A text id that is mostly no UUIDs stays text, and so do its references.
create table users (id text primary key, email text);
insert into users values ('u1', 'a'), ('u2', 'b'), ('00000000-0000-0000-0000-0000000000a3', 'c');
create table notifications (id int primary key, user_id text references users (id));
insert into notifications values (1, 'u1'), (2, '00000000-0000-0000-0000-0000000000a3');
create table tutor_profiles (id uuid primary key, user_id text not null, status text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', 'u2', 'active'),
    ('00000000-0000-0000-0000-0000000000b2', 'u9', 'active');
