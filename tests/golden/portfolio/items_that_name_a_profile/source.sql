-- An id that names a profile directly is taken as that profile, derived and superseded ones included.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table developer_profiles (id text primary key, user_id uuid references users (id), status text,
    updated_at timestamptz);
insert into developer_profiles values ('dev-1', '00000000-0000-0000-0000-0000000000a1', 'active', '2024-01-01+00'),
    ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a2', 'active', '2024-01-01+00'),
    ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a2', 'active', '2024-02-01+00');
create table portfolio_items (id uuid primary key, professional_id text, title text);
insert into portfolio_items values ('00000000-0000-0000-0000-0000000000e1', 'dev-1', 'derived'),
    ('00000000-0000-0000-0000-0000000000e2', '00000000-0000-0000-0000-0000000000b2', 'plain'),
    ('00000000-0000-0000-0000-0000000000e3', '00000000-0000-0000-0000-0000000000b1', 'superseded'),
    ('00000000-0000-0000-0000-0000000000e4', 'dev-9', 'nobody');
create table lead_requests (id uuid primary key, professional_id text, message text);
insert into lead_requests values ('00000000-0000-0000-0000-0000000000e5', '00000000-0000-0000-0000-0000000000b2',
    'hello');
