-- A time that is blank in a text column is null, and noted; white space is what Unicode calls so, whatever the locale.
create table users (id uuid primary key);
insert into users select ('00000000-0000-0000-0000-0000000000a' || n)::uuid from generate_series(1, 4) n;
create table tutor_profiles (id uuid primary key, user_id uuid, status text, approved_at text, created_at text, updated_at timestamptz);
insert into tutor_profiles values
    ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1', E'\u00a0\u3000', E' \u2003', '', '2024-01-02+00'),
    ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a2', E'\u00a0Approved\u00a0', '2024-01-03', null, '2024-01-02+00'),
    ('00000000-0000-0000-0000-0000000000b3', '00000000-0000-0000-0000-0000000000a3', 'draft', 'soon', null, null);
create table onboarding_submissions (id uuid primary key, user_id uuid, status text, submitted_at text, reviewed_at text, created_at timestamptz);
insert into onboarding_submissions values
    ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a1', 'draft', '', E'\n', '2024-01-02+00');
create table verifications (id uuid primary key, user_id uuid, type text, status text, verified_at varchar, created_at timestamptz);
insert into verifications values
    ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a1', 'id', 'draft', ' ', '2024-01-02+00');
create table onboarding_states (user_id uuid primary key, completed_at text, created_at timestamptz);
insert into onboarding_states values ('00000000-0000-0000-0000-0000000000a4', '', '2024-01-02+00');
create table payments (id bigint primary key, user_id uuid, amount int, currency text, status text, gateway text, created_at timestamptz);
insert into payments values (1, '00000000-0000-0000-0000-0000000000a1', 5, 'INR', 'paid', E'\u00a0', '2024-02-01+00');
