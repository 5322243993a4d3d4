-- Copied tables keep their types and scale; a ledger entry of an absent wallet is rejected with it.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table tracecoin_wallets (id uuid primary key, user_id uuid unique references users (id),
    balance numeric(20,8) not null default 0 check (balance >= 0));
insert into tracecoin_wallets values ('00000000-0000-0000-0000-000000000011', '00000000-0000-0000-0000-0000000000a1',
    12.50000000);
create table tracecoin_ledger (id bigserial primary key, wallet_id uuid not null, delta numeric not null,
    at timestamptz);
insert into tracecoin_ledger (wallet_id, delta, at) values ('00000000-0000-0000-0000-000000000011', 1.10, 'infinity'),
    ('00000000-0000-0000-0000-000000000019', 5, null), ('00000000-0000-0000-0000-000000000011', -1E-20, null);
select setval('tracecoin_ledger_id_seq', 77);
