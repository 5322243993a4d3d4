-- portfolio_items and services follow their professional, merged or created; professional_id becomes
-- user_role_profile_id.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active');
create table professionals (id uuid primary key, user_id uuid references users (id), profession text);
insert into professionals values ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a1',
    'tutor'), ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-0000000000a2', 'tutor');
create table portfolio_items (id uuid primary key, professional_id uuid not null references professionals (id) on
    delete cascade, title text not null, price numeric(8,3), created_at timestamptz not null default now());
insert into portfolio_items values ('00000000-0000-0000-0000-0000000000e1', '00000000-0000-0000-0000-0000000000d1',
    'one', 1.500, '2024-01-01+00'), ('00000000-0000-0000-0000-0000000000e2', '00000000-0000-0000-0000-0000000000d2',
    'two', null, '2024-01-02+00'), ('00000000-0000-0000-0000-0000000000e3', '00000000-0000-0000-0000-0000000000d1',
    '', 0, '2024-01-03+00');
create table services (id bigint generated always as identity primary key,
    professional_id uuid references professionals (id), name text);
insert into services (professional_id, name) values ('00000000-0000-0000-0000-0000000000d2', 'lessons'),
    ('00000000-0000-0000-0000-0000000000d1', 'exams');
create table portfolio_images (id uuid primary key, portfolio_item_id uuid not null references portfolio_items (id),
    file text);
insert into portfolio_images values ('00000000-0000-0000-0000-0000000000f1', '00000000-0000-0000-0000-0000000000e1',
    '1.png'), ('00000000-0000-0000-0000-0000000000f2', '00000000-0000-0000-0000-0000000000e2', '2.png');
