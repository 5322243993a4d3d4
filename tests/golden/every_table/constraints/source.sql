-- Exclusion constraints (brackets and words of SQL may stand in their strings), NULLS NOT DISTINCT, deferrability, NOT VALID and collations are replayed.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table bookings (id int primary key, during int4range, slot text collate "C", grp int, user_ref uuid,
    amount int,
  constraint bookings_no_overlap exclude using gist (during with &&) where (grp is null) deferrable,
  constraint bookings_slot_key unique nulls not distinct (slot, grp),
  constraint bookings_grp_key unique (grp) deferrable initially deferred);
insert into bookings values (1, '[1,3)', 'a', null, '00000000-0000-0000-0000-0000000000a1', -1), (2, '[3,5)', 'B',
    null, null, 5), (3, '[1,9)', null, 7, null, null);
alter table bookings add constraint bookings_user_fkey foreign key (user_ref) references users (id) on update cascade
    not valid;
alter table bookings add constraint bookings_amount_check check (amount < 100) no inherit not valid;
create index bookings_slot_idx on bookings (slot collate "C" text_pattern_ops desc) with (fillfactor = 70);
create table rooms (id int primary key, room text, starts_at timestamptz, ends_at timestamptz, state text,
  constraint rooms_no_overlap exclude using gist (tstzrange(starts_at, ends_at, '[)') with &&)
    where (state <> 'a) WITH = WHERE (DEFERRABLE') deferrable initially deferred,
  constraint rooms_state_check check (state <> ') NOT VALID' and state <> 'NOT NULL)'));
insert into rooms values (1, 'x', '2024-01-01', '2024-01-05', 'on'), (2, 'x', '2024-01-05', '2024-01-09', 'on');
create unique index rooms_idx on rooms (lower(room || ' ON rooms USING ((') desc nulls last, starts_at) include (ends_at)
    where state <> ' WHERE _ops nextval(';
