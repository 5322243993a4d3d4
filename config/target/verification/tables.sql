-- Everything somebody asked to have verified: onboarding as well as later proofs.
create table verification_requests (
    id uuid default gen_random_uuid(),
    user_id uuid,
    user_role_profile_id uuid,
    role text,
    request_type text,
    status text,
    payload jsonb default '{}'::jsonb,
    submitted_at timestamptz,
    reviewed_at timestamptz,
    reviewed_by uuid,
    rejection_reason text,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- The files handed in with a verification request.
create table verification_documents (
    id uuid default gen_random_uuid(),
    verification_request_id uuid,
    document_type text,
    file_url text,
    status text,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- The decision on a profile, open or taken.
create table approval_requests (
    id uuid default gen_random_uuid(),
    user_role_profile_id uuid,
    verification_request_id uuid,
    status text,
    decided_by uuid,
    decided_at timestamptz,
    rejection_reason text,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);
