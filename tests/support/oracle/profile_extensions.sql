-- Each root has one row in the extension table of its role, under its own id.
select role, id, id as user_role_profile_id from root;
-- target
select 'photographer', id, user_role_profile_id from photographer_profiles
union all select 'tutor', id, user_role_profile_id from tutor_profiles
union all select 'makeup_artist', id, user_role_profile_id from makeup_artist_profiles
union all select 'developer', id, user_role_profile_id from developer_profiles
union all select 'video_editor', id, user_role_profile_id from video_editor_profiles
union all select 'graphic_designer', id, user_role_profile_id from graphic_designer_profiles
union all select 'social_media_manager', id, user_role_profile_id from social_media_manager_profiles
union all select 'fitness_trainer', id, user_role_profile_id from fitness_trainer_profiles
union all select 'catering_service', id, user_role_profile_id from catering_service_profiles
union all select 'ugc_content_creator', id, user_role_profile_id from ugc_content_creator_profiles
union all select 'company', id, user_role_profile_id from company_profiles
union all select 'customer', id, user_role_profile_id from customer_profiles
union all select 'job_seeker', id, user_role_profile_id from job_seeker_profiles;
