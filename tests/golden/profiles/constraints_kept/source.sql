-- Uniques, checks, indexes and defaults of a reshaped table are kept where all their columns arrive in one target.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table tutor_profiles (
  id uuid primary key, user_id uuid references users (id), status text,
      license_no text constraint tutor_license_key unique,
  rate numeric(8,2) constraint tutor_rate_check check (rate >= 0), level text default 'beginner',
  constraint tutor_user_license_key unique (user_id, license_no));
create index tutor_level_idx on tutor_profiles (lower(level)) where rate > 10;
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active', 'L1', 10.50, 'expert');
