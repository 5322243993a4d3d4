alter table user_role_profiles alter column user_id set not null;
alter table user_role_profiles alter column role set not null;
alter table user_role_profiles alter column status set not null;
alter table user_role_profiles alter column created_at set not null;
alter table user_role_profiles alter column updated_at set not null;
alter table user_role_profiles add constraint user_role_profiles_pkey primary key (id);
alter table user_role_profiles add constraint user_role_profiles_user_id_role_key unique (user_id, role);
alter table user_role_profiles add constraint user_role_profiles_role_check check (
    role in ('photographer', 'tutor', 'makeup_artist', 'developer', 'video_editor', 'graphic_designer',
    'social_media_manager', 'fitness_trainer', 'catering_service', 'ugc_content_creator', 'company', 'customer',
    'job_seeker')
);
alter table user_role_profiles add constraint user_role_profiles_status_check check (
    status in ('DRAFT', 'PENDING', 'IN_REVIEW', 'APPROVED', 'REJECTED', 'CHANGES_REQUESTED', 'CANCELLED',
    'EXPIRED', 'SUSPENDED')
);
alter table user_role_profiles add constraint user_role_profiles_user_id_fkey
    foreign key (user_id) references users (id);
alter table user_role_profiles add constraint user_role_profiles_role_id_fkey
    foreign key (role_id) references roles (id) on delete set null;
create index user_role_profiles_role_id_idx on user_role_profiles (role_id);
create index user_role_profiles_role_status_idx on user_role_profiles (role, status);

alter table photographer_profiles alter column user_role_profile_id set not null;
alter table photographer_profiles alter column created_at set not null;
alter table photographer_profiles alter column updated_at set not null;
alter table photographer_profiles add constraint photographer_profiles_pkey primary key (id);
alter table photographer_profiles add constraint photographer_profiles_user_role_profile_id_key
    unique (user_role_profile_id);
alter table photographer_profiles add constraint photographer_profiles_user_role_profile_id_fkey
    foreign key (user_role_profile_id) references user_role_profiles (id) on delete cascade;

alter table tutor_profiles alter column user_role_profile_id set not null;
alter table tutor_profiles alter column created_at set not null;
alter table tutor_profiles alter column updated_at set not null;
alter table tutor_profiles add constraint tutor_profiles_pkey primary key (id);
alter table tutor_profiles add constraint tutor_profiles_user_role_profile_id_key unique (user_role_profile_id);
alter table tutor_profiles add constraint tutor_profiles_user_role_profile_id_fkey
    foreign key (user_role_profile_id) references user_role_profiles (id) on delete cascade;

alter table makeup_artist_profiles alter column user_role_profile_id set not null;
alter table makeup_artist_profiles alter column created_at set not null;
alter table makeup_artist_profiles alter column updated_at set not null;
alter table makeup_artist_profiles add constraint makeup_artist_profiles_pkey primary key (id);
alter table makeup_artist_profiles add constraint makeup_artist_profiles_user_role_profile_id_key
    unique (user_role_profile_id);
alter table makeup_artist_profiles add constraint makeup_artist_profiles_user_role_profile_id_fkey
    foreign key (user_role_profile_id) references user_role_profiles (id) on delete cascade;

alter table developer_profiles alter column user_role_profile_id set not null;
alter table developer_profiles alter column created_at set not null;
alter table developer_profiles alter column updated_at set not null;
alter table developer_profiles add constraint developer_profiles_pkey primary key (id);
alter table developer_profiles add constraint developer_profiles_user_role_profile_id_key unique (user_role_profile_id);
alter table developer_profiles add constraint developer_profiles_user_role_profile_id_fkey
    foreign key (user_role_profile_id) references user_role_profiles (id) on delete cascade;

alter table video_editor_profiles alter column user_role_profile_id set not null;
alter table video_editor_profiles alter column created_at set not null;
alter table video_editor_profiles alter column updated_at set not null;
alter table video_editor_profiles add constraint video_editor_profiles_pkey primary key (id);
alter table video_editor_profiles add constraint video_editor_profiles_user_role_profile_id_key
    unique (user_role_profile_id);
alter table video_editor_profiles add constraint video_editor_profiles_user_role_profile_id_fkey
    foreign key (user_role_profile_id) references user_role_profiles (id) on delete cascade;

alter table graphic_designer_profiles alter column user_role_profile_id set not null;
alter table graphic_designer_profiles alter column created_at set not null;
alter table graphic_designer_profiles alter column updated_at set not null;
alter table graphic_designer_profiles add constraint graphic_designer_profiles_pkey primary key (id);
alter table graphic_designer_profiles add constraint graphic_designer_profiles_user_role_profile_id_key
    unique (user_role_profile_id);
alter table graphic_designer_profiles add constraint graphic_designer_profiles_user_role_profile_id_fkey
    foreign key (user_role_profile_id) references user_role_profiles (id) on delete cascade;

alter table social_media_manager_profiles alter column user_role_profile_id set not null;
alter table social_media_manager_profiles alter column created_at set not null;
alter table social_media_manager_profiles alter column updated_at set not null;
alter table social_media_manager_profiles add constraint social_media_manager_profiles_pkey primary key (id);
alter table social_media_manager_profiles add constraint social_media_manager_profiles_user_role_profile_id_key
    unique (user_role_profile_id);
alter table social_media_manager_profiles add constraint social_media_manager_profiles_user_role_profile_id_fkey
    foreign key (user_role_profile_id) references user_role_profiles (id) on delete cascade;

alter table fitness_trainer_profiles alter column user_role_profile_id set not null;
alter table fitness_trainer_profiles alter column created_at set not null;
alter table fitness_trainer_profiles alter column updated_at set not null;
alter table fitness_trainer_profiles add constraint fitness_trainer_profiles_pkey primary key (id);
alter table fitness_trainer_profiles add constraint fitness_trainer_profiles_user_role_profile_id_key
    unique (user_role_profile_id);
alter table fitness_trainer_profiles add constraint fitness_trainer_profiles_user_role_profile_id_fkey
    foreign key (user_role_profile_id) references user_role_profiles (id) on delete cascade;

alter table catering_service_profiles alter column user_role_profile_id set not null;
alter table catering_service_profiles alter column created_at set not null;
alter table catering_service_profiles alter column updated_at set not null;
alter table catering_service_profiles add constraint catering_service_profiles_pkey primary key (id);
alter table catering_service_profiles add constraint catering_service_profiles_user_role_profile_id_key
    unique (user_role_profile_id);
alter table catering_service_profiles add constraint catering_service_profiles_user_role_profile_id_fkey
    foreign key (user_role_profile_id) references user_role_profiles (id) on delete cascade;

alter table ugc_content_creator_profiles alter column user_role_profile_id set not null;
alter table ugc_content_creator_profiles alter column created_at set not null;
alter table ugc_content_creator_profiles alter column updated_at set not null;
alter table ugc_content_creator_profiles add constraint ugc_content_creator_profiles_pkey primary key (id);
alter table ugc_content_creator_profiles add constraint ugc_content_creator_profiles_user_role_profile_id_key
    unique (user_role_profile_id);
alter table ugc_content_creator_profiles add constraint ugc_content_creator_profiles_user_role_profile_id_fkey
    foreign key (user_role_profile_id) references user_role_profiles (id) on delete cascade;

alter table company_profiles alter column user_role_profile_id set not null;
alter table company_profiles alter column created_at set not null;
alter table company_profiles alter column updated_at set not null;
alter table company_profiles add constraint company_profiles_pkey primary key (id);
alter table company_profiles add constraint company_profiles_user_role_profile_id_key unique (user_role_profile_id);
alter table company_profiles add constraint company_profiles_user_role_profile_id_fkey
    foreign key (user_role_profile_id) references user_role_profiles (id) on delete cascade;

alter table customer_profiles alter column user_role_profile_id set not null;
alter table customer_profiles alter column created_at set not null;
alter table customer_profiles alter column updated_at set not null;
alter table customer_profiles add constraint customer_profiles_pkey primary key (id);
alter table customer_profiles add constraint customer_profiles_user_role_profile_id_key unique (user_role_profile_id);
alter table customer_profiles add constraint customer_profiles_user_role_profile_id_fkey
    foreign key (user_role_profile_id) references user_role_profiles (id) on delete cascade;

alter table job_seeker_profiles alter column user_role_profile_id set not null;
alter table job_seeker_profiles alter column created_at set not null;
alter table job_seeker_profiles alter column updated_at set not null;
alter table job_seeker_profiles add constraint job_seeker_profiles_pkey primary key (id);
alter table job_seeker_profiles add constraint job_seeker_profiles_user_role_profile_id_key
    unique (user_role_profile_id);
alter table job_seeker_profiles add constraint job_seeker_profiles_user_role_profile_id_fkey
    foreign key (user_role_profile_id) references user_role_profiles (id) on delete cascade;
