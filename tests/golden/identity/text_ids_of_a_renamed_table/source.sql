-- A renamed table's text id is derived under its legacy name, and mapped to its new one.
create table users (id uuid primary key);
create table requirements (id text primary key, title text);
insert into requirements values ('00000000-0000-0000-0000-0000000000e1', 'a'),
    ('00000000-0000-0000-0000-0000000000e2', 'b'), ('req-3', 'c');
create table lead_requests (id uuid primary key, requirement_id text, professional_id uuid);
create table lead_views (id int primary key, requirement text references requirements (id));
insert into lead_views values (1, 'req-3'), (2, '00000000-0000-0000-0000-0000000000e1');
