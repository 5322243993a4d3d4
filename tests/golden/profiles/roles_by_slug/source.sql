-- role_id by the slug of roles; a bigint roles.id makes role_id bigint.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table roles (id bigint primary key, slug text not null);
insert into roles values (1, 'video-editor'), (2, 'ugc-content-creator');
create table video_editor_profiles (id uuid primary key, user_id uuid references users (id), status text);
create table ugc_content_creator_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into video_editor_profiles values ('00000000-0000-0000-0000-0000000000b1',
    '00000000-0000-0000-0000-0000000000a1', 'active');
insert into ugc_content_creator_profiles values ('00000000-0000-0000-0000-0000000000b2',
    '00000000-0000-0000-0000-0000000000a1', 'active');
