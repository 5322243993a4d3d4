-- A text category id that is mostly no UUIDs stays text; its section's id is derived from it.
create table users (id uuid primary key);
create table kb_categories (id text primary key, name text);
insert into kb_categories values ('billing', 'Billing'), ('a:b', '');
create table kb_articles (id uuid primary key, category_id text, body text);
insert into kb_articles values ('00000000-0000-0000-0000-000000000021', 'billing', ''),
    ('00000000-0000-0000-0000-000000000022', 'a:b', null);
