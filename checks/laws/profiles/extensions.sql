-- Every root has one extension row, under its own id, in the table of its role and in no other, with the root's times;
-- and there is no extension row without a root. (The roots themselves are compared with the legacy rows.) The key names
-- the table in which the extension should be.
-- table: user_role_profiles
-- holds
select concat(coalesce(r.role, e.role), '_profiles ', coalesce(r.id, e.id)) as key,
    (e.id, e.role, e.user_role_profile_id, e.created_at, e.updated_at)
        is not distinct from (r.id, r.role, r.id, r.created_at, r.updated_at) as holds
from user_role_profiles r
full join (
    select 'photographer' as role, id, user_role_profile_id, created_at, updated_at from photographer_profiles
    union all
    select 'tutor', id, user_role_profile_id, created_at, updated_at from tutor_profiles
    union all
    select 'makeup_artist', id, user_role_profile_id, created_at, updated_at from makeup_artist_profiles
    union all
    select 'developer', id, user_role_profile_id, created_at, updated_at from developer_profiles
    union all
    select 'video_editor', id, user_role_profile_id, created_at, updated_at from video_editor_profiles
    union all
    select 'graphic_designer', id, user_role_profile_id, created_at, updated_at from graphic_designer_profiles
    union all
    select 'social_media_manager', id, user_role_profile_id, created_at, updated_at from social_media_manager_profiles
    union all
    select 'fitness_trainer', id, user_role_profile_id, created_at, updated_at from fitness_trainer_profiles
    union all
    select 'catering_service', id, user_role_profile_id, created_at, updated_at from catering_service_profiles
    union all
    select 'ugc_content_creator', id, user_role_profile_id, created_at, updated_at from ugc_content_creator_profiles
    union all
    select 'company', id, user_role_profile_id, created_at, updated_at from company_profiles
    union all
    select 'customer', id, user_role_profile_id, created_at, updated_at from customer_profiles
    union all
    select 'job_seeker', id, user_role_profile_id, created_at, updated_at from job_seeker_profiles
) as e on e.id = r.id
