-- A profile carries hundreds of columns, json that jsonb cannot hold, and names of objects within composites and arrays; so
-- do copied and archived tables.
create table users (id uuid primary key, extra json);
insert into users values ('00000000-0000-0000-0000-0000000000a1', '{"a": "\u0000", "a": 1}');
create table labels (id int primary key);
create domain place as regclass;
create type pair as (a regclass, b int);
create table objects (id int primary key, kind regtype, kinds regtype[], own place, pairs pair[], o oid);
insert into objects values (1, 'integer', '{integer,labels}', 'labels', '{"(pg_class,1)"}', 7);
create table onboarding_configs (id int primary key, p pair, j json);
insert into onboarding_configs values (1, '(pg_class,2)', '{"b": "\u0000"}');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text, extra json, p pair);
do $$ begin for n in 1..300 loop execute format('alter table tutor_profiles add c_%s int', n); end loop; end $$;
insert into tutor_profiles (id, user_id, status, extra, p, c_300) values ('00000000-0000-0000-0000-0000000000b1',
    '00000000-0000-0000-0000-0000000000a1', 'active', '{"a":"\u0000"}', '(pg_class,3)', 300);
create table professionals (id uuid primary key, user_id uuid references users (id), role text);
do $$ begin for n in 1..300 loop execute format('alter table professionals add d_%s int', n); end loop; end $$;
insert into professionals (id, user_id, role, d_300) values ('00000000-0000-0000-0000-0000000000c1',
    '00000000-0000-0000-0000-0000000000a1', 'tutor', 5);
