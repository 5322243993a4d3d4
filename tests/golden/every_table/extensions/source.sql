-- Types of extensions arrive, the extensions in public.
create extension citext;
create extension hstore;
create extension ltree;
create table users (id uuid primary key, email citext unique, attributes hstore, path ltree, aliases citext[]);
insert into users values ('00000000-0000-0000-0000-0000000000a1', 'Ann@Example.in', '"a"=>"1", "b"=>NULL',
    'Top.Science', '{Ann,annie}'), ('00000000-0000-0000-0000-0000000000a2', null, '', null, null);
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text, handle citext);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active', 'AnnTeaches');
