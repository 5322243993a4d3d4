-- Neither the zone nor the date style that the legacy database was set to disturbs the reading.
do $$ begin execute format('alter database %I set timezone = %L', current_database(), 'America/New_York');
  execute format('alter database %I set datestyle = %L', current_database(), 'German, DMY');
  execute format('alter database %I set intervalstyle = %L', current_database(), 'sql_standard');
  execute format('alter database %I set extra_float_digits = %L', current_database(), '-5');
  execute format('alter database %I set bytea_output = %L', current_database(), 'escape'); end $$;
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text,
    approved_at timestamptz, created_at timestamp, day date, span interval, f8 float8, photo bytea);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active', '2024-02-01 10:00+00', '2024-02-01 10:00', date '2024-02-01', interval '1 day -2 hours',
    0.1 + 0.2::float8, '\x00ff5c');
