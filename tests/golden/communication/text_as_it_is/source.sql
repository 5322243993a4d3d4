-- Text is carried as it is: NULL, '' and 'NULL' differ; blanks, quotes, backslashes and every script survive.
create table users (id uuid primary key);
create table notifications (id int primary key, title text, body varchar(40), code char(4), data jsonb);
insert into notifications values
  (1, null, '', 'ab', '{"b": 1.0, "a": [null, "NULL", ""]}'), (2, 'NULL', '  x', '', 'null'), (3, '\.', 'a"b''c',
      null, '"\u00e9"'),
  (4, '\\n', 'नमस्ते', 'NULL', '1e400'), (5, E'\b\x01', '😀', 'é', null), (6, '{}', 'a,b;c', '0', '{}');
