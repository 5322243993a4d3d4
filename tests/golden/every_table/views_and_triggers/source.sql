-- Views, triggers and policies are not data: they are not migrated, and hinder nothing.
create table users (id uuid primary key, name text);
insert into users values ('00000000-0000-0000-0000-0000000000a1', 'ann');
create view active_users as select * from users;
create materialized view user_counts as select count(*) n from users;
create function shout() returns trigger language plpgsql as $$ begin new.name := upper(new.name); return new; end $$;
create trigger shout before insert or update on users for each row execute function shout();
alter table users enable row level security;
create policy nobody on users using (false);
create rule quiet as on delete to users do instead nothing;
