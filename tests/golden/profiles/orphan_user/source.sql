-- A profile whose user is absent or null violates the target's constraints: it is rejected whole.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table customer_profiles (id uuid primary key, user_id uuid, status text, city text);
insert into customer_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active', 'Goa'), ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a9', 'active',
    'Agra'), ('00000000-0000-0000-0000-0000000000b3', null, 'active', 'Kochi');
