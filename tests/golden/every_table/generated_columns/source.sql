-- Generated columns are generated again, of a renamed, a carried and a reshaped table, also over renamed and filled
-- columns; over a column that leaves the table or changes its type they arrive as their values. What is generated again may
-- differ from what was stored, as the locale or the function has changed since: that is told, and fails nothing.
create table users (id uuid primary key, first text, last text, language text,
    full_name text generated always as (first || ' ' || last) stored,
    spoken text generated always as (lower(language)) stored);
insert into users values ('00000000-0000-0000-0000-0000000000a1', 'Ann', 'Rao', 'DE'),
    ('00000000-0000-0000-0000-0000000000a2', null, 'x', null);
create index users_spoken_idx on users (spoken);
create table requirements (id int primary key, qty int, price numeric(6,2),
    total numeric generated always as (qty * price) stored);
insert into requirements values (1, 3, 1.50);
create table roles (id uuid primary key, created_at timestamptz, updated_at timestamptz,
    day date generated always as ((created_at at time zone 'UTC')::date) stored,
    constraint roles_day_key unique (day), check (day > '2000-01-01'));
insert into roles (id, created_at, updated_at) values ('00000000-0000-0000-0000-0000000000c1', null, '2024-01-02 03:04Z');
create table jobs (id uuid primary key, title text, job_type text,
    search tsvector generated always as (to_tsvector('english', title || ' ' || coalesce(job_type, ''))) stored);
create index jobs_search_idx on jobs using gin (search);
insert into jobs values ('00000000-0000-0000-0000-0000000000d1', 'cook', 'full time');
create table departments (id text primary key, tag text generated always as ('D-' || upper(id)) stored unique);
insert into departments values ('0000000000000000000000000000ABCD');
create table portfolio_items (id uuid primary key, user_id uuid references users (id), professional_id text, title text,
    of_whom text generated always as (coalesce(professional_id, 'nobody')) stored, size int generated always as (length(title)) stored);
create function tag_of(text) returns text language sql immutable as $$ select 'old-' || $1 $$;
create table stickers (id int primary key, name text, tag text generated always as (tag_of(name)) stored);
insert into stickers values (1, 'a');
create or replace function tag_of(text) returns text language sql immutable as $$ select 'new-' || $1 $$;
create table sizes (id int primary key, twice int generated always as (id * 2) stored unique);
insert into sizes values (2);
create table boxes (twice int references sizes (twice));
insert into boxes values (4);
create table tutor_profiles (id uuid primary key, user_id uuid, status text, code text,
    slug text generated always as ('t-' || code) stored unique);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1', 'new', 'x');
create table lessons (slug text references tutor_profiles (slug) on delete cascade);
insert into lessons values ('t-x');
