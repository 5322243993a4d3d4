-- Settings without a column of their own become top-level keys of preferences; NULL writes none; a value already
-- there stays. Preferences that are null become an object only where there is something to write.
create table users (id uuid primary key, email text, language varchar(8), theme text, sms_notifications boolean);
insert into users values ('00000000-0000-0000-0000-0000000000a1', 'ann', 'en', 'dark', false),
    ('00000000-0000-0000-0000-0000000000a2', 'bob', null, 'light', null), ('00000000-0000-0000-0000-0000000000a3',
    'cat', null, null, null), ('00000000-0000-0000-0000-0000000000a4', 'dan', 'ta', null, true),
    ('00000000-0000-0000-0000-0000000000a5', 'eve', null, 'dark', null);
create table user_settings (id bigint generated always as identity primary key,
    user_id uuid not null unique references users (id), theme text, preferences jsonb default '{}');
insert into user_settings (user_id, theme, preferences) values ('00000000-0000-0000-0000-0000000000a1', null,
    '{"language": "hi", "rate": 1.10}'), ('00000000-0000-0000-0000-0000000000a4', null, null),
    ('00000000-0000-0000-0000-0000000000a5', null, null);
