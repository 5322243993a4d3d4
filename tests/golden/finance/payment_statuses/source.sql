-- Order statuses are matched like role keys; with an unknown one no order is made, and a note says so. payments stays
-- as it is.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table payments (id int primary key, user_id uuid not null references users (id), amount numeric(12,2) not null,
    currency char(3) not null default 'INR', status text);
insert into payments (id, user_id, amount, status)
select n, '00000000-0000-0000-0000-0000000000a1', n, spelling
from unnest(array['paid', 'Success', 'succeeded', 'CAPTURED', 'completed', 'pending', 'created', 'authorized',
    'Processing', 'failed', 'declined', 'error',
  'refunded', 'Re-funded', 'cancelled', 'canceled', 'voided', 'chargeback']) with ordinality as s (spelling, n);
