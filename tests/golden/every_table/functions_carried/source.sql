-- A function that an expression calls is carried along; uuid_generate_v4() is replaced by gen_random_uuid().
create function uuid_generate_v4() returns uuid language sql volatile as 'select gen_random_uuid()';
create function slugify(title text) returns text language sql immutable strict as
    $$ select lower(replace(title, ' ', '-')) $$;
create function is_pin(value text) returns boolean language sql immutable return value ~ '^[0-9]{6}$';
create table users (id uuid primary key default uuid_generate_v4(), name text,
    slug text generated always as (slugify(name)) stored, pin text constraint users_pin_check check (is_pin(pin)));
create index users_slug_idx on users (slugify(name));
insert into users (id, name, pin) values ('00000000-0000-0000-0000-0000000000a1', 'Ann Rao', '411001');
