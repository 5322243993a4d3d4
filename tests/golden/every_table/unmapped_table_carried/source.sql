-- A table that no mapping mentions is carried whole.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table referral_codes (code text primary key, owner uuid references users (id), uses int default 0,
    created_at date);
insert into referral_codes values ('ANN10', '00000000-0000-0000-0000-0000000000a1', 3, '2024-01-01'), ('', null, null,
    null);
