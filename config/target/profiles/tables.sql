-- The root of every profile: one row per user and role, with what all roles have in common.
create table user_role_profiles (
    id uuid default gen_random_uuid(),
    user_id uuid,
    role text,
    role_id uuid,
    display_name text,
    bio text,
    location text,
    status text,
    rejection_reason text,
    approved_at timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- What only photographers have; shares its id with the root profile.
create table photographer_profiles (
    id uuid default gen_random_uuid(),
    user_role_profile_id uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- What only tutors have; shares its id with the root profile.
create table tutor_profiles (
    id uuid default gen_random_uuid(),
    user_role_profile_id uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- What only makeup artists have; shares its id with the root profile.
create table makeup_artist_profiles (
    id uuid default gen_random_uuid(),
    user_role_profile_id uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- What only developers have; shares its id with the root profile.
create table developer_profiles (
    id uuid default gen_random_uuid(),
    user_role_profile_id uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- What only video editors have; shares its id with the root profile.
create table video_editor_profiles (
    id uuid default gen_random_uuid(),
    user_role_profile_id uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- What only graphic designers have; shares its id with the root profile.
create table graphic_designer_profiles (
    id uuid default gen_random_uuid(),
    user_role_profile_id uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- What only social media managers have; shares its id with the root profile.
create table social_media_manager_profiles (
    id uuid default gen_random_uuid(),
    user_role_profile_id uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- What only fitness trainers have; shares its id with the root profile.
create table fitness_trainer_profiles (
    id uuid default gen_random_uuid(),
    user_role_profile_id uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- What only catering services have; shares its id with the root profile.
create table catering_service_profiles (
    id uuid default gen_random_uuid(),
    user_role_profile_id uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- What only creators of user-generated content have; shares its id with the root profile.
create table ugc_content_creator_profiles (
    id uuid default gen_random_uuid(),
    user_role_profile_id uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- What only companies have; shares its id with the root profile.
create table company_profiles (
    id uuid default gen_random_uuid(),
    user_role_profile_id uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- What only customers have; shares its id with the root profile.
create table customer_profiles (
    id uuid default gen_random_uuid(),
    user_role_profile_id uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- What only job seekers have; shares its id with the root profile.
create table job_seeker_profiles (
    id uuid default gen_random_uuid(),
    user_role_profile_id uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);
