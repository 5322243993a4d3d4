-- An item with a user_id and no professional joins the user's only professional-role profile, created ones included.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2'),
    ('00000000-0000-0000-0000-0000000000a3'), ('00000000-0000-0000-0000-0000000000a4');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text);
create table developer_profiles (id uuid primary key, user_id uuid references users (id), status text);
create table company_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active'), ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a2', 'active');
insert into developer_profiles values ('00000000-0000-0000-0000-0000000000b3', '00000000-0000-0000-0000-0000000000a2',
    'active');
insert into company_profiles values ('00000000-0000-0000-0000-0000000000b4', '00000000-0000-0000-0000-0000000000a1',
    'active'), ('00000000-0000-0000-0000-0000000000b5', '00000000-0000-0000-0000-0000000000a3', 'active');
create table professionals (id uuid primary key, user_id uuid, profession text);
insert into professionals values ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a4',
    'tutor');
create table portfolio_items (id uuid primary key, professional_id uuid, user_id uuid, title text);
insert into portfolio_items values
  ('00000000-0000-0000-0000-0000000000e1', null, '00000000-0000-0000-0000-0000000000a1', 'only tutor'),
      ('00000000-0000-0000-0000-0000000000e2', null, '00000000-0000-0000-0000-0000000000a2', 'two profiles'),
      ('00000000-0000-0000-0000-0000000000e3', null, '00000000-0000-0000-0000-0000000000a3', 'company only'),
  ('00000000-0000-0000-0000-0000000000e4', null, '00000000-0000-0000-0000-0000000000a4', 'created'),
      ('00000000-0000-0000-0000-0000000000e5', '00000000-0000-0000-0000-0000000000d1',
      '00000000-0000-0000-0000-0000000000a1', 'professional wins');
create table services (id uuid primary key, user_id uuid);
insert into services values ('00000000-0000-0000-0000-0000000000e6', '00000000-0000-0000-0000-0000000000a1'),
    ('00000000-0000-0000-0000-0000000000e7', '00000000-0000-0000-0000-0000000000a2');
