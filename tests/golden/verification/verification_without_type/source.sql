-- request_type is not null: a verification without a type is rejected, and its logs with it.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table verifications (id uuid primary key, user_id uuid, type text, status text);
insert into verifications values ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a1',
    null, 'pending'), ('00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-0000000000a1', 'kyc',
    'pending');
create table verification_logs (id int primary key, verification_id uuid not null references verifications (id),
    action text);
insert into verification_logs values (1, '00000000-0000-0000-0000-0000000000c1', 'made'), (2,
    '00000000-0000-0000-0000-0000000000c2', 'made');
