-- reviewed_by and decided_by point at users or employees, so neither has a foreign key.
alter table verification_requests alter column user_id set not null;
alter table verification_requests alter column request_type set not null;
alter table verification_requests alter column status set not null;
alter table verification_requests alter column payload set not null;
alter table verification_requests alter column created_at set not null;
alter table verification_requests alter column updated_at set not null;
alter table verification_requests add constraint verification_requests_pkey primary key (id);
alter table verification_requests add constraint verification_requests_status_check check (
    status in ('DRAFT', 'PENDING', 'IN_REVIEW', 'APPROVED', 'REJECTED', 'CHANGES_REQUESTED', 'CANCELLED',
    'EXPIRED', 'SUSPENDED')
);
alter table verification_requests add constraint verification_requests_user_id_fkey
    foreign key (user_id) references users (id);
alter table verification_requests add constraint verification_requests_user_role_profile_id_fkey
    foreign key (user_role_profile_id) references user_role_profiles (id) on delete set null;
create index verification_requests_user_id_idx on verification_requests (user_id);
create index verification_requests_user_role_profile_id_idx on verification_requests (user_role_profile_id);
create index verification_requests_status_submitted_at_idx on verification_requests (status, submitted_at);

alter table verification_documents alter column verification_request_id set not null;
alter table verification_documents alter column document_type set not null;
alter table verification_documents alter column file_url set not null;
alter table verification_documents alter column created_at set not null;
alter table verification_documents alter column updated_at set not null;
alter table verification_documents add constraint verification_documents_pkey primary key (id);
alter table verification_documents add constraint verification_documents_status_check check (
    status in ('DRAFT', 'PENDING', 'IN_REVIEW', 'APPROVED', 'REJECTED', 'CHANGES_REQUESTED', 'CANCELLED',
    'EXPIRED', 'SUSPENDED')
);
alter table verification_documents add constraint verification_documents_verification_request_id_fkey
    foreign key (verification_request_id) references verification_requests (id) on delete cascade;
create index verification_documents_verification_request_id_idx on verification_documents (verification_request_id);

alter table approval_requests alter column user_role_profile_id set not null;
alter table approval_requests alter column status set not null;
alter table approval_requests alter column created_at set not null;
alter table approval_requests alter column updated_at set not null;
alter table approval_requests add constraint approval_requests_pkey primary key (id);
alter table approval_requests add constraint approval_requests_verification_request_id_key
    unique (verification_request_id);
alter table approval_requests add constraint approval_requests_status_check check (
    status in ('DRAFT', 'PENDING', 'IN_REVIEW', 'APPROVED', 'REJECTED', 'CHANGES_REQUESTED', 'CANCELLED',
    'EXPIRED', 'SUSPENDED')
);
alter table approval_requests add constraint approval_requests_user_role_profile_id_fkey
    foreign key (user_role_profile_id) references user_role_profiles (id);
alter table approval_requests add constraint approval_requests_verification_request_id_fkey
    foreign key (verification_request_id) references verification_requests (id);
create index approval_requests_user_role_profile_id_idx on approval_requests (user_role_profile_id);
create index approval_requests_status_created_at_idx on approval_requests (status, created_at);
