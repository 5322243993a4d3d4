-- Two professionals become one profile: what an exclusion constraint or a key of several columns then refuses is rejected,
-- the later row stays.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table tutor_profiles (id uuid primary key, user_id uuid, status text);
insert into tutor_profiles values
    ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1', 'active');
create table professionals (id uuid primary key, user_id uuid, role text);
insert into professionals values
    ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a1', 'tutor'),
    ('00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-0000000000a1', 'tutor');
create table services (id int primary key, professional_id uuid, slot text, updated_at timestamptz,
    exclude using btree (professional_id with =, slot with =));
insert into services values
    (1, '00000000-0000-0000-0000-0000000000c1', 'monday', '2024-01-01+00'),
    (2, '00000000-0000-0000-0000-0000000000c2', 'monday', '2024-01-02+00'),
    (3, '00000000-0000-0000-0000-0000000000c2', 'tuesday', '2024-01-01+00');
create table availabilities (professional_id uuid references professionals (id), weekday int, note text,
    updated_at timestamptz, primary key (professional_id, weekday));
insert into availabilities values
    ('00000000-0000-0000-0000-0000000000c1', 1, 'older', '2024-01-01+00'),
    ('00000000-0000-0000-0000-0000000000c2', 1, 'newer', '2024-01-02+00'),
    ('00000000-0000-0000-0000-0000000000c2', 2, 'only', '2024-01-01+00');
