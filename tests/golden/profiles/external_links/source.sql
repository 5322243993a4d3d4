-- The four forbidden links are removed and kept in migration.removed_links where not null; links elsewhere are
-- carried.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table developer_profiles (id uuid primary key, user_id uuid references users (id), status text,
    github_url text, portfolio_url text);
insert into developer_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active', 'https://github.com/ann', null), ('00000000-0000-0000-0000-0000000000b2',
    '00000000-0000-0000-0000-0000000000a2', 'active', '', 'https://bob.dev');
create table video_editor_profiles (id uuid primary key, user_id uuid references users (id), status text,
    reel_url text, portfolio_url text);
insert into video_editor_profiles values ('00000000-0000-0000-0000-0000000000b3',
    '00000000-0000-0000-0000-0000000000a1', 'active', 'https://reel.example/1', 'https://kept.example/1');
create table graphic_designer_profiles (id uuid primary key, user_id uuid references users (id), status text,
    portfolio_url varchar(80));
insert into graphic_designer_profiles values ('00000000-0000-0000-0000-0000000000b4',
    '00000000-0000-0000-0000-0000000000a1', 'active', 'https://gd.example'), ('00000000-0000-0000-0000-0000000000b5',
    '00000000-0000-0000-0000-0000000000a2', null, null);
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text, github_url text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b6', '00000000-0000-0000-0000-0000000000a1',
    'active', 'https://github.com/tutor');
