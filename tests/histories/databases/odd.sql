-- A small legacy schema of odd shapes: keys of several columns, of texts and of enums, none at all, partitions, domains,
-- references by habit, rows of one person in two tables, and numbers and json that have several forms.

create type mood as enum ('good', 'bad', 'none of these');
create domain email_text as text check (value like '%@%');
create domain share as numeric check (value is null or value <= 1000000 or value = 'NaN');

create table users (
    id uuid primary key, email email_text not null unique, full_name text, theme text, referred_by uuid,
    created_at timestamptz not null, updated_at timestamptz
);
alter table users add foreign key (referred_by) references users on delete set null on update cascade;
insert into users
select md5('user' || n)::uuid, format('user%s@example.com', n), 'name', case when n % 3 = 0 then 'dark' end,
       case when n > 2 then md5('user' || n / 2)::uuid end, timestamptz '2024-01-01' + n * interval '1 hour', null
from generate_series(1, 40) n;

create table developer_profiles (
    id uuid primary key, user_id uuid not null, bio text, github_url text, status text, updated_at timestamptz
);
insert into developer_profiles
select md5('profile' || n)::uuid, md5('user' || case when n % 9 = 0 then 9999 else n end)::uuid, 'bio',
       case when n % 7 = 0 then 'https://example.com/' || n end, case when n % 11 = 0 then 'who knows' else 'active' end,
       timestamptz '2024-02-01' + n * interval '1 hour'
from generate_series(1, 30) n;

create table tutor_profiles (
    id text primary key, user_id text not null, bio text, status text, updated_at timestamptz
);
insert into tutor_profiles
select md5('profile' || n * 5)::uuid::text, md5('user' || n)::uuid::text, 'bio', 'Approved', timestamptz '2024-02-02'
from generate_series(1, 20) n;

create table payments (
    id uuid primary key, user_id uuid not null, amount numeric not null, currency text, status text, provider text,
    created_at timestamptz not null
);
insert into payments
select md5('payment' || n)::uuid, md5('user' || n)::uuid, n * 1.50, 'INR', case when n % 7 = 0 then 'odd' else 'paid' end,
       case when n % 2 = 0 then 'razorpay' else 'stripe' end, timestamptz '2024-03-01' + n * interval '1 minute'
from generate_series(1, 20) n;

create table "Odd ""table" ("the ""key" text primary key, "%s" int, "select" json, mood mood not null default 'good');
insert into "Odd ""table" select 'key ' || n, n, '{"a": 1,  "b": 2}', 'bad' from generate_series(1, 20) n;

create table pairs (
    a numeric, b text, value share, ratio float8, moods mood[], primary key (b, a), constraint positive check (a > 0)
);
insert into pairs select n, 'x', n, n / 3.0, '{good}' from generate_series(1, 20) n;

create table children (
    id serial primary key, b text, a numeric, kind mood, note text, unique (note),
    foreign key (b, a) references pairs on delete cascade on update cascade
);
create index children_by_kind on children (kind) where a is not null;
insert into children (b, a, kind, note) select 'x', n, 'good', 'note ' || n from generate_series(1, 20) n;

create table parts (day int, id int, value text, primary key (day, id)) partition by list (day);
create table parts_1 partition of parts for values in (1, 2);
create table parts_2 partition of parts default;
insert into parts select n % 4, n, 'v' from generate_series(1, 20) n;

create table keyless (value int, at timestamptz, note text);
insert into keyless select n % 5, timestamptz '2024-05-01', 'note' from generate_series(1, 20) n;

create table numbered (id bigint generated always as identity primary key, twice int generated always as (value * 2) stored,
                       value int, made_at timestamp);
insert into numbered (value) select n from generate_series(1, 20) n;
