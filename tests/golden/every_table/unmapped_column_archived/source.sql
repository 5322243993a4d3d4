-- unmapped_columns = "archive": a column that no mapping mentions is kept in the archive and leaves the product.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text,
    shoe_size numeric(4,1));
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active', 42.5);
