-- A rejected professional rejects its items (parent_rejected), an absent one too (orphan_professional); images go
-- with their item.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active');
create table professionals (id uuid primary key, user_id uuid, profession text, status text);
insert into professionals values ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a1',
    'tutor', null), ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-0000000000a2', null, null),
    ('00000000-0000-0000-0000-0000000000d3', '00000000-0000-0000-0000-0000000000a2', 'tutor', 'frozen');
create table portfolio_items (id uuid primary key, professional_id uuid, title text);
insert into portfolio_items values ('00000000-0000-0000-0000-0000000000e1', '00000000-0000-0000-0000-0000000000d1',
    'kept'), ('00000000-0000-0000-0000-0000000000e2', '00000000-0000-0000-0000-0000000000d2', 'of a rejected'),
    ('00000000-0000-0000-0000-0000000000e3', '00000000-0000-0000-0000-0000000000d9', 'of nobody'),
    ('00000000-0000-0000-0000-0000000000e4', null, 'of null'), ('00000000-0000-0000-0000-0000000000e5',
    '00000000-0000-0000-0000-0000000000d3', 'of unknown status');
create table services (id uuid primary key, professional_id uuid);
insert into services values ('00000000-0000-0000-0000-0000000000e6', '00000000-0000-0000-0000-0000000000d2'),
    ('00000000-0000-0000-0000-0000000000e7', '00000000-0000-0000-0000-0000000000d8');
create table portfolio_images (id uuid primary key, portfolio_item_id uuid, file text);
insert into portfolio_images values ('00000000-0000-0000-0000-0000000000f1', '00000000-0000-0000-0000-0000000000e1',
    '1.png'), ('00000000-0000-0000-0000-0000000000f2', '00000000-0000-0000-0000-0000000000e2', '2.png'),
    ('00000000-0000-0000-0000-0000000000f3', '00000000-0000-0000-0000-0000000000e3', '3.png');
