-- Account settings found on users move to the columns that user_settings has of that name; a value already there
-- stays.
create table users (id uuid primary key, email text, language text, timezone text, theme text,
    email_notifications boolean);
insert into users values
  ('00000000-0000-0000-0000-0000000000a1', 'ann', 'en', 'Asia/Kolkata', null, true),
      ('00000000-0000-0000-0000-0000000000a2', 'bob', 'ta', null, 'dark', false),
      ('00000000-0000-0000-0000-0000000000a3', 'cat', null, null, null, null);
create table user_settings (user_id uuid primary key references users (id), language text, timezone text, theme text,
    email_notifications boolean, density text default 'cosy');
insert into user_settings values ('00000000-0000-0000-0000-0000000000a1', 'hi', null, 'light', null, 'compact');
