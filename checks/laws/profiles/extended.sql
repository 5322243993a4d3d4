-- No extension row without a root of its role, and no root without an extension row.
-- table: user_role_profiles
-- holds
select coalesce(r.id, e.id)::text as key, r.role is not distinct from e.role as holds
from user_role_profiles r
full join (
    select e.user_role_profile_id as id, 'photographer' as role from photographer_profiles e
    union all
    select e.user_role_profile_id, 'tutor' from tutor_profiles e
    union all
    select e.user_role_profile_id, 'makeup_artist' from makeup_artist_profiles e
    union all
    select e.user_role_profile_id, 'developer' from developer_profiles e
    union all
    select e.user_role_profile_id, 'video_editor' from video_editor_profiles e
    union all
    select e.user_role_profile_id, 'graphic_designer' from graphic_designer_profiles e
    union all
    select e.user_role_profile_id, 'social_media_manager' from social_media_manager_profiles e
    union all
    select e.user_role_profile_id, 'fitness_trainer' from fitness_trainer_profiles e
    union all
    select e.user_role_profile_id, 'catering_service' from catering_service_profiles e
    union all
    select e.user_role_profile_id, 'ugc_content_creator' from ugc_content_creator_profiles e
    union all
    select e.user_role_profile_id, 'company' from company_profiles e
    union all
    select e.user_role_profile_id, 'customer' from customer_profiles e
    union all
    select e.user_role_profile_id, 'job_seeker' from job_seeker_profiles e
) as e on e.id = r.id
