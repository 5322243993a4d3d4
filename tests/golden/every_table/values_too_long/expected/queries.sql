select length(bio)::text from user_role_profiles;
