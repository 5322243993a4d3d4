-- portfolio_items and services keep the legacy table's keys: integer ids stay, with their sequence, and images keep
-- pointing at them.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active');
create table portfolio_items (id serial primary key, professional_id uuid,
    title text not null default 'untitled' check (title <> ''), tags text[]);
insert into portfolio_items (professional_id, tags) values ('00000000-0000-0000-0000-0000000000b1', '{"a,b",NULL}'),
    ('00000000-0000-0000-0000-0000000000b1', '[3:4]={x,y}');
create unique index portfolio_items_owner_idx on portfolio_items (professional_id, id) where title <> 'x';
create table portfolio_images (id serial primary key,
    portfolio_item_id int not null references portfolio_items (id) on delete cascade);
insert into portfolio_images (portfolio_item_id) values (2);
