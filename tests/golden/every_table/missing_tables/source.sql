-- A reshaped table that is missing leaves its targets empty; a copied one is not created; user_settings is, with a
-- row per user.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
