-- One payment_gateway_configs row per distinct gateway, whether or not its payments made orders.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table payments (id int primary key, user_id uuid, amount numeric(12,2), currency text, status text,
    gateway text);
insert into payments values (1, '00000000-0000-0000-0000-0000000000a1', 1, 'INR', 'paid', 'razorpay'), (2,
    '00000000-0000-0000-0000-0000000000a1', 2, 'INR', 'paid', 'stripe'), (3, '00000000-0000-0000-0000-0000000000a1',
    3, 'INR', 'paid', 'razorpay'),
  (4, '00000000-0000-0000-0000-0000000000a1', 4, 'INR', 'paid', null), (5, '00000000-0000-0000-0000-0000000000a1', 5,
      'INR', 'odd', 'payu');
