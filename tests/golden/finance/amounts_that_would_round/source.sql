-- An amount that numeric(14,2) would round makes no order, and a note; 10.500 is exact. payments keeps every digit.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table payments (id int primary key, user_id uuid references users (id), amount numeric, currency text,
    status text);
insert into payments values
  (1, '00000000-0000-0000-0000-0000000000a1', 10.005, 'INR', 'paid'), (2, '00000000-0000-0000-0000-0000000000a1',
      10.500, 'INR', 'paid'), (3, '00000000-0000-0000-0000-0000000000a1', 'NaN', 'INR', 'paid'), (4,
      '00000000-0000-0000-0000-0000000000a1', null, 'INR', 'paid'),
  (5, '00000000-0000-0000-0000-0000000000a1', 1234567890123.00, 'INR', 'paid'), (6,
      '00000000-0000-0000-0000-0000000000a1', 999999999999.99, 'INR', 'paid'), (7,
      '00000000-0000-0000-0000-0000000000a1', 20, 'INR', 'paid'), (8, '00000000-0000-0000-0000-0000000000a1', 30,
      'RUPEE', 'paid'), (9, null, 40, 'INR', 'paid');
create table invoices (id int primary key, payment_id int, tax numeric);
insert into invoices values (1, 7, 0.005);
