-- Columns carried by a reshaped table keep type and value too.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create type level as enum ('junior', 'senior');
create domain percent as numeric(5,2) check (value between 0 and 100);
-- A domain that takes no null, be it beneath another, gives way to its base where rows come without the column.
create domain whole as int not null;
create domain small_whole as whole check (value < 100);
create table professionals (id uuid primary key, user_id uuid, role text, years whole default 8);
create table developer_profiles (id uuid primary key, user_id uuid references users (id), status text,
  level level, levels level[], share percent, grid int[][], langs text[], rate numeric, ratio double precision,
      photo bytea, meta json, metab jsonb, ip inet,
  available tstzrange, last_at timestamptz, wall timestamp, day date, span interval, short varchar(3), fixed char(4),
      ok boolean, big bigint, cash money, years small_whole default 7);
insert into developer_profiles values
  ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1', 'active', 'senior',
      '{junior,NULL}', 99.50, '[0:0][1:2]={{1,NULL}}', '{"a,b","",NULL}', 'NaN', 5e-324, '\x00ff', '{"b":1, "b":2}',
      '{"x": 1.10}', '10.0.0.1/8',
   '[2024-01-01 00:00+00,infinity]', '-infinity', '2024-01-01 10:00', 'infinity', '1 year 2 mons', 'abc', 'a', false,
       9223372036854775807, 7.5),
  ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a2', 'active', null, '{}', null, null,
      '{{a,b},{c,d}}', 1.10, '-0', '', null, 'null', null, 'empty', '0001-01-01 00:00+00 BC', null, null, null, '',
      '', true, null, null);
