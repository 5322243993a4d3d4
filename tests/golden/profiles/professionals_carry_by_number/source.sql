-- Of two professionals that were updated at once the higher id speaks for what they carry: 10 is higher than 9.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table photographer_profiles (id uuid primary key, user_id uuid not null references users (id), status text,
    created_at timestamptz not null, updated_at timestamptz not null);
insert into photographer_profiles values ('00000000-0000-0000-0000-0000000000b1',
    '00000000-0000-0000-0000-0000000000a1', 'active', '2024-01-01+00', '2024-01-01+00');
create table professionals (id integer primary key, user_id uuid not null references users (id), profession text,
    rating numeric, root_id text, legacy_id text, created_at timestamptz not null, updated_at timestamptz not null);
insert into professionals values
    (9, '00000000-0000-0000-0000-0000000000a1', 'photographer', 4.9, 'r9', 'l9', '2024-01-01+00', '2024-02-01+00'),
    (10, '00000000-0000-0000-0000-0000000000a1', 'photographer', 1.0, 'r10', 'l10', '2024-01-01+00', '2024-02-01+00');
