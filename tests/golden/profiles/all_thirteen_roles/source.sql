-- The role key is the legacy table's name minus _profiles, for all thirteen.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
do $$
declare role text; number int := 0;
begin
  foreach role in array array['photographer', 'tutor', 'makeup_artist', 'developer', 'video_editor', 'graphic_designer',
    'social_media_manager', 'fitness_trainer', 'catering_service', 'ugc_content_creator', 'company', 'customer', 'job_seeker']
  loop
    number := number + 1;
    execute format('create table %I (id uuid primary key, user_id uuid references users (id), status text, flavour text)', role || '_profiles');
    execute format('insert into %I values (%L, %L, %L, %L)', role || '_profiles',
      '00000000-0000-0000-0000-0000000000' || (number + 10), '00000000-0000-0000-0000-0000000000a1', 'active', 'f' || number);
  end loop;
end $$;
