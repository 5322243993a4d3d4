alter table user_settings alter column preferences set not null;
alter table user_settings alter column created_at set not null;
alter table user_settings alter column updated_at set not null;
alter table user_settings add constraint user_settings_pkey primary key (user_id);
alter table user_settings add constraint user_settings_user_id_fkey
    foreign key (user_id) references users (id) on delete cascade;
