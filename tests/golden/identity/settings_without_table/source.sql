-- A database without user_settings gets it: one row per user, settings as keys of preferences.
create table users (id bigint primary key, email text, language text, push_notifications boolean,
    marketing_opt_in boolean);
insert into users values (1, 'ann', 'en', true, false), (2, 'bob', null, null, null), (3, 'cat', '', null, true);
