-- What carried expressions need and cannot have is a fault of the plan: functions that depend on something else or run with
-- their owner's rights, casts and operators of the schema's own, sequences elsewhere or of names that nobody can tell.
create table users (id uuid primary key);
create table labels (id int primary key, name text);
create function label_count() returns bigint language sql stable begin atomic select count(*) from labels; end;
create table email_logs (id int primary key, n bigint default label_count());
create function shout(t text) returns text language sql immutable security definer as 'select upper(t)';
create table departments (id int primary key, name text default shout('x'));
create type mood as enum ('happy', 'sad');
create function mood_text(mood) returns text language sql immutable as $$ select 'happy'::text $$;
create cast (mood as text) with function mood_text(mood);
create table designations (id int primary key, m mood check (m::text <> 'angry'));
create function near(int, int) returns boolean language sql immutable as 'select abs($1 - $2) < 3';
create operator <~> (leftarg = int, rightarg = int, function = near);
create table coupons (id uuid primary key, a int check (a <~> 5));
create schema other;
create sequence other.s;
create table discounts (id uuid primary key, n bigint default nextval('other.s'::text),
    m bigint default nextval(current_setting('app.sequence')));
