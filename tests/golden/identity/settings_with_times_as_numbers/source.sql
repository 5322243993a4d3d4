-- Where user_settings keeps its times as numbers, a row that is made for a user has their defaults there.
create table users (id uuid primary key, theme text);
insert into users values ('00000000-0000-0000-0000-0000000000a1', 'dark'),
    ('00000000-0000-0000-0000-0000000000a2', 'light');
create table user_settings (id uuid primary key default gen_random_uuid(), user_id uuid references users,
    created_at bigint, updated_at bigint not null default 7);
insert into user_settings values
    ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1', 1700000000, 1700000001);
