-- Values of every type survive unchanged: scale, dimensions and bounds, every bit of a float, NaN, infinity, padding.
create table users (id uuid primary key);
create type mood as enum ('sad', 'ok', 'very happy');
create domain pin as text check (value ~ '^[0-9]{6}$');
create domain rating as numeric(3,1) default 5.0 check (value between 0 and 10);
create type place as (name text, pin pin, at point);
create table oddities (
  id int primary key, mood mood, moods mood[], pin pin, rating rating, place place, places place[], ip inet, net cidr,
      mac macaddr,
  ints int[], texts text[], num numeric, nums numeric[], f4 real, f8 double precision, cash money, bytes bytea,
      r int4range, tr tstzrange, mr nummultirange,
  span interval, clock time, clocktz timetz, b bit(5), vb bit varying, fixed char(6), "c" "char", doc json,
      docb jsonb, tsv tsvector, box box, u uuid[], n name, lsn pg_lsn, flag boolean, day date);
insert into oddities values
  (1, 'very happy', '{sad,NULL,ok}', '411001', 9.5, '("Old ""Town""",411001,"(1.5,-2)")',
      array['(a,411001,"(0,0)")'::place, null], '10.1.2.3/8', '10.0.0.0/8', '08:00:2b:01:02:03',
   '[0:1][2:3]={{1,2},{3,NULL}}', '{"a,b","",NULL,"NULL"}', 'NaN', '{1.50,Infinity,NULL}', 'NaN', '-0', 12.34,
       '\x00ff5c', '[1,5)', '[2024-01-01 00:00+00,)', '{[1.0,2.0),[5,7.50)}',
   '1 mon -3 days 04:05:06.000007', '24:00', '10:00+05:30', B'10101', B'101', 'ab', 'x', '{"b":1, "a":1.0,"b":2}',
       '{"b": 1.00}', 'a:1 b:2A', '(1,1),(0,0)', array['00000000-0000-0000-0000-0000000000a1'::uuid], 'n',
       '16/B374D848', false, '-infinity'),
  (2, null, '{}', null, null, null, '{}', '::1', '::/0', null, '{}', '{{a,b},{c,d}}',
      12345678901234567890.123456789012345678901234567890, '{}', 1e-40, 5e-324, -0.05, '', 'empty', 'empty', '{}',
   '-178000000 years', '00:00:00.000001', null, B'00000', B'', '', null, '[]', 'null', '', null, '{}', '', '0/0',
       true, '4713-01-01 BC'),
  (3, null, null, null, null, row(null, null, null), null, null, null, null, null, null, 'Infinity', null, 'Infinity',
      0.1, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
      null, null, null);
