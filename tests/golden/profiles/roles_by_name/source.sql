-- role_id by the name of roles; synonyms count (UGC).
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table roles (id integer primary key, name text not null);
insert into roles values (4, 'Social Media Manager'), (5, 'UGC');
create table social_media_manager_profiles (id uuid primary key, user_id uuid references users (id), status text);
create table ugc_content_creator_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into social_media_manager_profiles values ('00000000-0000-0000-0000-0000000000b1',
    '00000000-0000-0000-0000-0000000000a1', 'active');
insert into ugc_content_creator_profiles values ('00000000-0000-0000-0000-0000000000b2',
    '00000000-0000-0000-0000-0000000000a1', 'active');
