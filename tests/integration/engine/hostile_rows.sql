-- A small legacy database whose own casts tell lies about its values; with names, letters and types that are rare.
set client_encoding = 'UTF8';
create type mood as enum ('happy', 'sad');
create type pair as (n integer, m mood);
create domain grey as mood;
create table users (
    id uuid primary key, email text not null, full_name varchar(80), language text, created_at timestamptz, updated_at timestamptz
);
create table user_settings (user_id uuid primary key references users, preferences jsonb);
create table roles (id uuid primary key, name varchar(40));
create table photographer_profiles (
    id text primary key, user_id uuid references users, display_name varchar(40), status text, felt mood, all_felt mood[], both_felt pair
);
create table tutor_profiles (id uuid primary key, user_id uuid references users, status mood);
create table professionals (id uuid primary key, user_id uuid, profession varchar(20), felt mood, age integer);
create table portfolio_items (id uuid primary key, professional_id uuid references professionals, title varchar(40));
create table payments (
    id integer primary key, user_id uuid references users, amount numeric(14, 2), currency char(3), status varchar(20), gateway varchar(20),
    created_at timestamptz
);
create table jobs (id uuid primary key, title varchar(40), job_type mood, employment_type varchar(10));
create table onboarding_states (id uuid primary key, user_id uuid references users, role varchar(20), felt mood, completed boolean);
create table activity_logs (id bigint primary key, user_id uuid, action varchar(20), metadata jsonb, ip_address inet, created_at timestamptz);
create table moods (felt mood primary key, greyer grey, pairs pair[], seen interval, dug bytea, said date, unique (greyer));
create table moods_by_day (felt mood references moods, day date, cost money, primary key (felt, day));
create table notes (body text);
create table "50% {größer} :x" (
    "Schlüssel %s" text primary key, "für" jsonb default '{"ä": "ö"}', "sich" text[], one aclitem, "n %s" serial,
    constraint "nicht ß" check ("Schlüssel %s" <> 'ß')
);
comment on table "50% {größer} :x" is 'Größe';
alter table photographer_profiles add "Maß %s" text, add right_ aclitem;
create extension citext;
alter table photographer_profiles add nick citext unique;

insert into users values
    ('11111111-1111-4111-8111-111111111111', 'a@example.org', 'Asha', 'hi', '2024-02-01 10:00+00', null),
    ('22222222-2222-4222-8222-222222222222', 'b@example.org', 'Ben \ Ann', null, null, null);
insert into user_settings values ('11111111-1111-4111-8111-111111111111', '{"a": [1, null]}');
insert into roles values ('33333333-3333-4333-8333-333333333333', 'photographer');
insert into photographer_profiles values
    ('AAAAAAAA-0000-4000-8000-000000000001', '11111111-1111-4111-8111-111111111111', 'Asha', 'approved', 'sad', '{sad,NULL}', row(3, 'sad')),
    ('p-2', '22222222-2222-4222-8222-222222222222', null, 'no such status', 'sad', null, null);
update photographer_profiles set "Maß %s" = 'größer', right_ = '=r/postgres' where felt = 'sad';
insert into tutor_profiles values ('44444444-4444-4444-8444-444444444444', '11111111-1111-4111-8111-111111111111', 'sad');
insert into professionals values
    ('55555555-5555-4555-8555-555555555555', '11111111-1111-4111-8111-111111111111', 'photographer', 'sad', 41);
insert into portfolio_items values
    ('66666666-6666-4666-8666-666666666666', '55555555-5555-4555-8555-555555555555', 'At dawn');
insert into payments values
    (7, '11111111-1111-4111-8111-111111111111', 10.50, 'INR', 'paid', 'razorpay', '2024-02-03 10:00+00');
insert into jobs values ('77777777-7777-4777-8777-777777777777', 'Cook', 'sad', null);
insert into onboarding_states values
    ('88888888-8888-4888-8888-888888888888', '22222222-2222-4222-8222-222222222222', 'tutor', 'sad', false);
insert into activity_logs values
    (9, '11111111-1111-4111-8111-111111111111', 'edit', '{"changes": {"n": {"old": 1, "new": 2}}}', '10.0.0.1', '2024-02-03 10:00+00');
insert into moods values
    ('sad', 'sad', array[row(1, 'sad')::pair], '-1 day +02:00', '\x00ff', '2024-02-03'), ('happy', null, null, null, null, 'infinity');
insert into moods_by_day values ('sad', '2024-02-03', 12.5);
insert into "50% {größer} :x" values
    ('Ärger', '{"ß": ["ü"], "bb": 1}', '{ä,"ö %s",NULL}', '=r/postgres');
insert into notes values ('NULL'), (''), (null);

create function lie(mood) returns text language sql immutable as $$ select 'happy'::text $$;
create function lie(pair) returns text language sql immutable as $$ select 'happy'::text $$;
create function lie_in_json(mood) returns json language sql immutable as $$ select '{"happy": true}'::json $$;
create cast (mood as text) with function lie(mood) as implicit;
create cast (mood as json) with function lie_in_json(mood);
create cast (pair as text) with function lie(pair);
create function row_to_json(payments) returns json language plpgsql as $$ begin raise exception 'called: row_to_json'; end $$;
create function concat(mood) returns text language plpgsql as $$ begin raise exception 'called: concat(mood)'; end $$;
