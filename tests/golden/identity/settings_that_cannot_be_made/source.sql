-- Where user_settings takes no time as long as the run's, a user without a row gets none, and that is noted.
create table users (id uuid primary key, theme text);
insert into users values ('00000000-0000-0000-0000-0000000000a1', 'dark'),
    ('00000000-0000-0000-0000-0000000000a2', 'light');
create table user_settings (user_id uuid primary key references users, theme text, created_at varchar(10));
insert into user_settings values ('00000000-0000-0000-0000-0000000000a1', null, '2020-01-01');
