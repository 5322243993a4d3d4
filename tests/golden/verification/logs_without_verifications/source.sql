-- Logs of an absent verification are rejected with it, whether or not a key was declared.
create table users (id uuid primary key);
create table verification_logs (id bigint primary key, verification_id uuid not null, note text);
create table verifications (id uuid primary key, user_id uuid, type text, status text);
insert into verification_logs values (1, '00000000-0000-0000-0000-0000000000c9', 'x');
