-- What no older server has, and nothing replaces.
-- from 18
-- refused before 18: function uuidv7() does not exist
-- refused before 18: what the older one lacks has to leave the source first
create table users (id uuid primary key default uuidv7(), email text);
