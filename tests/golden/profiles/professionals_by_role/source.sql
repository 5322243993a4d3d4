-- A professional resolves to the profile of its role and user, however the role is spelled; it is merged, mapped and
-- archived.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table photographer_profiles (id uuid primary key, user_id uuid references users (id), status text,
    display_name text);
create table makeup_artist_profiles (id uuid primary key, user_id uuid references users (id), status text);
create table video_editor_profiles (id uuid primary key, user_id uuid references users (id), status text);
create table ugc_content_creator_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into photographer_profiles values ('00000000-0000-0000-0000-0000000000b1',
    '00000000-0000-0000-0000-0000000000a1', 'active', 'Ann'), ('00000000-0000-0000-0000-0000000000b5',
    '00000000-0000-0000-0000-0000000000a2', 'active', 'Bob');
insert into makeup_artist_profiles values ('00000000-0000-0000-0000-0000000000b2',
    '00000000-0000-0000-0000-0000000000a1', 'active');
insert into video_editor_profiles values ('00000000-0000-0000-0000-0000000000b3',
    '00000000-0000-0000-0000-0000000000a1', 'active');
insert into ugc_content_creator_profiles values ('00000000-0000-0000-0000-0000000000b4',
    '00000000-0000-0000-0000-0000000000a1', 'active');
create table professionals (id uuid primary key, user_id uuid not null references users (id), profession text,
    display_name text, status text);
insert into professionals values
  ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a1', 'PHOTOGRAPHER', 'Old Ann',
      'pending'), ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-0000000000a1', 'Makeup Artist',
      null, 'whatever'),
  ('00000000-0000-0000-0000-0000000000d3', '00000000-0000-0000-0000-0000000000a1', 'video-editor', null, null),
      ('00000000-0000-0000-0000-0000000000d4', '00000000-0000-0000-0000-0000000000a1', 'UGC', null, null),
      ('00000000-0000-0000-0000-0000000000d5', '00000000-0000-0000-0000-0000000000a2', 'photographer', null, null);
