-- What a profile table held unique or checked for its own rows does not bind other roles, nor the normalised status.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table photographer_profiles (id uuid primary key,
    user_id uuid not null unique references users (id) on delete cascade,
  status varchar(10) not null default 'draft' constraint photographer_status_check check (status in ('draft',
      'active')), display_name varchar(40));
create table tutor_profiles (id uuid primary key, user_id uuid not null unique references users (id),
    status text check (status <> 'APPROVED'));
insert into photographer_profiles values ('00000000-0000-0000-0000-0000000000b1',
    '00000000-0000-0000-0000-0000000000a1', 'active', 'Ann');
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a1',
    'active');
