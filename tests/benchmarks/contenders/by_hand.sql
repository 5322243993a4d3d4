-- The migration of the reference legacy database as somebody would write it by hand for this one database: schema
-- public into nxtgauge and legacy_archive of one database, whose tables are there without keys, indexes and references.
--
-- What by hand leaves out: books, reasons of what is dropped, notes, resumption; and SHA-1, which PostgreSQL
-- lacks without an extension: derived ids are UUIDs of version 5 by form, and md5 by content.

set local search_path = public;
set local time zone 'UTC';
set local work_mem = '128MB';
set local maintenance_work_mem = '256MB';

create function pg_temp.derived(name text) returns uuid language sql immutable as
$$ select overlay(overlay(md5(name) placing '5' from 13) placing '8' from 17)::uuid $$;
create function pg_temp.spelled(value text) returns text language sql immutable as
$$ select regexp_replace(lower(value), '[^a-z0-9]', '', 'g') $$;

-- meanings: each spelling that is there once, so that rows are joined and not parsed

create temp table meaning (kind text, spelled text, meant text);
insert into meaning
select kind, unnest(words::text[]), meant from (values
    ('status', 'DRAFT', '{draft}'), ('status', 'PENDING', '{pending,submitted,new}'),
    ('status', 'IN_REVIEW', '{inreview,underreview,processing}'),
    ('status', 'APPROVED', '{approved,accepted,completed,verified,active}'),
    ('status', 'REJECTED', '{rejected,declined,failed}'),
    ('status', 'CHANGES_REQUESTED', '{changesrequested,resubmit,needsinfo}'),
    ('status', 'CANCELLED', '{cancelled,canceled,withdrawn}'), ('status', 'EXPIRED', '{expired}'),
    ('status', 'SUSPENDED', '{suspended,blocked,inactive}'),
    ('order', 'PAID', '{paid,success,succeeded,captured,completed}'),
    ('order', 'PENDING', '{pending,created,authorized,processing}'), ('order', 'FAILED', '{failed,declined,error}'),
    ('order', 'REFUNDED', '{refunded}'), ('order', 'CANCELLED', '{cancelled,canceled,voided}'),
    ('role', 'photographer', '{photographer}'), ('role', 'tutor', '{tutor}'),
    ('role', 'makeup_artist', '{makeupartist}'), ('role', 'developer', '{developer}'),
    ('role', 'video_editor', '{videoeditor}'), ('role', 'graphic_designer', '{graphicdesigner}'),
    ('role', 'social_media_manager', '{socialmediamanager}'), ('role', 'fitness_trainer', '{fitnesstrainer}'),
    ('role', 'catering_service', '{cateringservice}'),
    ('role', 'ugc_content_creator', '{ugccontentcreator,ugc,ugccreator}'), ('role', 'company', '{company}'),
    ('role', 'customer', '{customer}'), ('role', 'job_seeker', '{jobseeker}')
) as m (kind, meant, words);

create temp table profile as
select 1 as rank, 'photographer' as role, id::text as legacy_id, id, user_id, display_name::text, bio, location::text,
    status::text, rejection_reason, approved_at, created_at, updated_at from photographer_profiles
union all select 2, 'tutor', id::text, id, user_id, display_name, bio, location, status, rejection_reason, approved_at,
    created_at, updated_at from tutor_profiles
union all select 3, 'makeup_artist', id::text, id, user_id, display_name, bio, location, status, rejection_reason,
    approved_at, created_at, updated_at from makeup_artist_profiles
union all select 4, 'developer', id::text, id, user_id, display_name, bio, location, status, rejection_reason,
    approved_at, created_at, updated_at from developer_profiles
union all select 5, 'video_editor', id::text, id, user_id, display_name, bio, location, status, rejection_reason,
    approved_at, created_at, updated_at from video_editor_profiles
union all select 6, 'graphic_designer', id::text, id, user_id, display_name, bio, location, status, rejection_reason,
    approved_at, created_at, null from graphic_designer_profiles
union all select 7, 'social_media_manager', id::text, id, user_id, display_name, bio, location, status,
    rejection_reason, approved_at, null, updated_at from social_media_manager_profiles
union all select 8, 'fitness_trainer', id::text, id, user_id, display_name, bio, location, status, rejection_reason,
    approved_at, created_at, updated_at from fitness_trainer_profiles
union all select 9, 'catering_service', id::text, null, user_id, display_name, bio, location, status, rejection_reason,
    approved_at, created_at, updated_at from catering_service_profiles
union all select 10, 'ugc_content_creator', id, case when pg_input_is_valid(id, 'uuid') then id::uuid end,
    case when pg_input_is_valid(user_id, 'uuid') then user_id::uuid end, display_name, bio, location, status,
    rejection_reason, approved_at, created_at, updated_at from ugc_content_creator_profiles
union all select 11, 'company', id::text, id, user_id, display_name, bio, location, status::text, rejection_reason,
    approved_at, created_at, updated_at from company_profiles
union all select 12, 'customer', id::text, id, user_id, display_name, bio, location, status, rejection_reason,
    approved_at, created_at, updated_at from customer_profiles
union all select 13, 'job_seeker', id::text, id, user_id, display_name, bio, location, status, rejection_reason,
    approved_at, created_at, updated_at from job_seeker_profiles;

create temp table status_of as
select given, case when trim(given) = '' then 'DRAFT' else (
    select meant from meaning where kind = 'status' and spelled = pg_temp.spelled(given)) end as meant
from (
    select status as given from profile union select status from professionals
    union select status from onboarding_submissions union select status from verifications
    union select status from submission_documents union select status from onboarding_states
) s where given is not null;

create temp table role_of as
select given, (select meant from meaning where kind = 'role' and spelled = pg_temp.spelled(given)) as meant
from (
    select profession as given from professionals union select role_key from onboarding_submissions
    union select role_key from onboarding_states union select key from roles
) r where given is not null;

create temp table order_status_of as
select given, (select meant from meaning where kind = 'order' and spelled = pg_temp.spelled(given)) as meant
from (select distinct status as given from payments) s;

analyze profile;
analyze status_of;
analyze role_of;

-- profiles: which stay, under which id; `stays` is the root of a duplicate

create temp table placed as
select c.*, first_value(c.target_id) over same as stays, row_number() over same as place
from (
    select p.*, case when p.status is null then 'DRAFT' else s.meant end as target_status,
        case when p.id is null or p.rank > min(p.rank) over (partition by p.id)
            then pg_temp.derived(p.role || '_profiles:' || p.legacy_id) else p.id end as target_id
    from profile p left join status_of s on s.given = p.status
) c join users u on u.id = c.user_id
where c.target_status is not null
window same as (partition by c.user_id, c.role
    order by coalesce(c.updated_at, c.created_at, now()) desc, c.legacy_id desc);
analyze placed;

create temp table role_id as
select o.meant as role, min(r.id) as role_id from roles r join role_of o on o.given = r.key
where o.meant is not null group by o.meant;

create temp table root as
select target_id as id, user_id, role, display_name, bio, location, target_status as status, rejection_reason,
    approved_at, created_at, updated_at, false as is_created
from placed where place = 1;
create index on root (user_id, role);
analyze root;

-- professionals: merged into a root, creators of one, or dropped

create temp table professional as
select p.*, o.meant as role, r.id as root_id,
    case when r.id is not null then 'merged'
        when o.meant is not null and exists (select from profile f where f.role = o.meant and f.user_id = p.user_id)
            then 'dropped'
        when o.meant is not null and u.id is null then 'dropped'
        when o.meant is not null and p.status is not null and s.meant is null then 'unknown status' end as why,
    case when p.status is null then 'DRAFT' else s.meant end as target_status
from professionals p
left join users u on u.id = p.user_id
left join role_of o on o.given = p.profession
left join status_of s on s.given = p.status
left join root r on r.user_id = p.user_id and r.role = o.meant;

create temp table creator as
select distinct on (user_id, role) *,
    case when exists (select from placed f where f.target_id = professional.id)
        then pg_temp.derived('professionals:' || id) else id end as target_id
from professional where why is null and role is not null
order by user_id, role, coalesce(updated_at, created_at, now()) desc, id desc;

update professional p set root_id = c.target_id, why = 'merged'
from creator c where c.user_id = p.user_id and c.role = p.role and p.why is null;
-- one of an unknown status merges into what an earlier updated one has made
update professional p set root_id = c.target_id, why = 'merged'
from creator c where c.user_id = p.user_id and c.role = p.role and p.why = 'unknown status'
    and (c.updated_at, c.id) > (p.updated_at, p.id);

insert into root
select target_id, user_id, role, display_name, bio, location, target_status, null, approved_at, created_at, updated_at,
    true
from creator;
analyze root;

create temp table only_root as
select user_id, min(id::text)::uuid as root_id from root where role not in ('company', 'customer', 'job_seeker')
group by user_id having count(*) = 1;
analyze only_root;

update professional p set root_id = o.root_id from only_root o where p.role is null and o.user_id = p.user_id;

-- whom an id means that stands where a professional's belongs
create temp table owner as
select id, root_id from professional;
insert into owner
select distinct on (c.id) c.id, c.stays from placed c
where c.id is not null and not exists (select from professional p where p.id = c.id) order by c.id, c.rank;
create index on owner (id);
analyze owner;

create temp table moved as select role, legacy_id, stays as root_id from placed;
create index on moved (role, legacy_id);
analyze moved;

-- identity

insert into nxtgauge.users (id, email, phone, password_hash, full_name, status, email_verified_at, last_login_at,
    last_login_ip, risk_score, referral_code, referred_by, created_at, updated_at)
select id, email, phone, password_hash, full_name, status::text::nxtgauge.user_status, email_verified_at,
    last_login_at, last_login_ip, risk_score, referral_code, referred_by, created_at, updated_at from users;

insert into nxtgauge.user_settings (user_id, language, timezone, theme, preferences, created_at, updated_at)
select u.id, coalesce(s.language, u.language), coalesce(s.timezone, u.timezone), coalesce(s.theme, u.theme),
    case when s.user_id is null or jsonb_typeof(s.preferences) = 'object' then
        jsonb_strip_nulls(jsonb_build_object('email_notifications', u.email_notifications,
            'sms_notifications', u.sms_notifications, 'push_notifications', u.push_notifications,
            'marketing_opt_in', u.marketing_opt_in)) || coalesce(s.preferences, '{}')
        else s.preferences end,
    coalesce(s.created_at, s.updated_at, now()), coalesce(s.updated_at, s.created_at, now())
from users u left join user_settings s on s.user_id = u.id;

insert into nxtgauge.refresh_tokens (id, user_id, token_hash, family_id, device, ip_address, user_agent, expires_at,
    revoked_at, created_at, updated_at)
select id, user_id, token_hash, family_id, device, ip_address, user_agent, expires_at, revoked_at, created_at,
    created_at from refresh_tokens;

insert into nxtgauge.roles (id, key, name, description, is_system, level, created_at, updated_at)
select id, key, name, description, is_system, level, coalesce(created_at, updated_at, now()),
    coalesce(updated_at, created_at, now()) from roles;
insert into nxtgauge.role_permissions (role_id, permission, conditions, granted_at)
select role_id, permission, conditions, granted_at from role_permissions;
insert into nxtgauge.user_roles (user_id, role_id, assigned_by, assigned_at, created_at, updated_at)
select user_id, role_id, assigned_by, assigned_at, coalesce(assigned_at, now()), coalesce(assigned_at, now())
from user_roles;
insert into nxtgauge.departments (id, name, code, parent_id, head_employee_id, budget, created_at, updated_at)
overriding system value
select id, name, code, parent_id, head_employee_id, budget, created_at, updated_at from departments;
insert into nxtgauge.designations (id, title, grade, created_at, updated_at)
select id, title, grade, coalesce(created_at, now()), coalesce(created_at, now()) from designations;
insert into nxtgauge.employees (id, user_id, employee_code, "Full Name", work_email, department_id, designation_id,
    manager_id, hired_on, left_on, salary, metadata, status, created_at, updated_at)
select id, user_id, employee_code, "Full Name", work_email, department_id, designation_id, manager_id, hired_on,
    left_on, salary, metadata, status, coalesce(created_at, updated_at, now()), coalesce(updated_at, created_at, now())
from employees;
insert into nxtgauge.account_deletion_requests (id, user_id, reason, status, requested_at, processed_at, processed_by,
    created_at, updated_at)
select id, user_id, reason, status, requested_at, processed_at, processed_by, requested_at, requested_at
from account_deletion_requests;
insert into nxtgauge.dashboard_configs (id, role_id, name, "order", widgets, grid, thresholds, is_default, created_at,
    updated_at)
overriding system value
select id, role_id, name, "order", widgets, grid, thresholds, is_default, created_at, coalesce(updated_at, created_at)
from dashboard_configs;
insert into nxtgauge.runtime_configs (key, value, value_type, description, is_enabled, rollout, onboarding_config_id,
    updated_by, updated_at, created_at)
select key, value, value_type, description, is_enabled, rollout, onboarding_config_id, updated_by, updated_at,
    updated_at from runtime_configs;

-- profiles

create temp table carried as
select root_id, (array_agg(hourly_rate order by late, id desc) filter (where hourly_rate is not null))[1] as hourly_rate,
    (array_agg(rating order by late, id desc) filter (where rating is not null))[1] as rating,
    (array_agg(is_featured order by late, id desc))[1] as is_featured,
    (array_agg(metadata order by late, id desc) filter (where metadata is not null))[1] as metadata
from (
    select *, -extract(epoch from coalesce(updated_at, created_at, now()::timestamp)) as late
    from professional where root_id is not null
) p group by root_id;
analyze carried;

insert into nxtgauge.user_role_profiles (id, user_id, role, role_id, display_name, bio, location, status,
    rejection_reason, approved_at, created_at, updated_at, hourly_rate, rating, is_featured, metadata)
select r.id, r.user_id, r.role, i.role_id, r.display_name, r.bio, r.location, r.status, r.rejection_reason,
    r.approved_at, coalesce(r.created_at, r.updated_at, now()), coalesce(r.updated_at, r.created_at, now()),
    c.hourly_rate, c.rating, c.is_featured, c.metadata
from root r left join role_id i on i.role = r.role left join carried c on c.root_id = r.id;

create temp table extension as
select p.role, p.legacy_id, p.target_id as id, coalesce(p.created_at, p.updated_at, now()) as created_at,
    coalesce(p.updated_at, p.created_at, now()) as updated_at
from placed p where p.place = 1;
create index on extension (role, legacy_id);
analyze extension;

insert into nxtgauge.photographer_profiles (id, user_role_profile_id, created_at, updated_at, specialties, equipment,
    hourly_rate, studio_address, years_experience, is_drone_certified, instagram_handle)
select e.id, e.id, e.created_at, e.updated_at, specialties, equipment, hourly_rate, studio_address, years_experience,
    is_drone_certified, instagram_handle
from photographer_profiles p join extension e on e.role = 'photographer' and e.legacy_id = p.id::text;
insert into nxtgauge.tutor_profiles (id, user_role_profile_id, created_at, updated_at, subjects, qualifications,
    grade_levels, teaching_mode, rate_per_hour, rating)
select e.id, e.id, e.created_at, e.updated_at, subjects, qualifications, grade_levels, teaching_mode, rate_per_hour,
    rating
from tutor_profiles p join extension e on e.role = 'tutor' and e.legacy_id = p.id::text;
insert into nxtgauge.makeup_artist_profiles (id, user_role_profile_id, created_at, updated_at, services_offered,
    brands_used, bridal_package_price, travels_to_client, kit)
select e.id, e.id, e.created_at, e.updated_at, services_offered, brands_used, bridal_package_price, travels_to_client,
    kit
from makeup_artist_profiles p join extension e on e.role = 'makeup_artist' and e.legacy_id = p.id::text;
insert into nxtgauge.developer_profiles (id, user_role_profile_id, created_at, updated_at, skills, tech_stack,
    experience_level, hourly_rate, availability_hours, open_to_remote)
select e.id, e.id, e.created_at, e.updated_at, skills, tech_stack, experience_level, hourly_rate, availability_hours,
    open_to_remote
from developer_profiles p join extension e on e.role = 'developer' and e.legacy_id = p.id::text;
insert into nxtgauge.video_editor_profiles (id, user_role_profile_id, created_at, updated_at, software, turnaround,
    formats, per_minute_rate)
select e.id, e.id, e.created_at, e.updated_at, software, turnaround, formats, per_minute_rate
from video_editor_profiles p join extension e on e.role = 'video_editor' and e.legacy_id = p.id::text;
insert into nxtgauge.graphic_designer_profiles (id, user_role_profile_id, created_at, updated_at, tools, design_styles,
    starting_price)
select e.id, e.id, e.created_at, e.updated_at, tools, design_styles, starting_price
from graphic_designer_profiles p join extension e on e.role = 'graphic_designer' and e.legacy_id = p.id::text;
insert into nxtgauge.social_media_manager_profiles (id, user_role_profile_id, created_at, updated_at, platforms,
    followers_managed, website, case_studies)
select e.id, e.id, e.created_at, e.updated_at, platforms, followers_managed, website, case_studies
from social_media_manager_profiles p join extension e on e.role = 'social_media_manager' and e.legacy_id = p.id::text;
insert into nxtgauge.fitness_trainer_profiles (id, user_role_profile_id, created_at, updated_at, certifications,
    training_types, session_price, available_from, available_to)
select e.id, e.id, e.created_at, e.updated_at, certifications, training_types, session_price, available_from,
    available_to
from fitness_trainer_profiles p join extension e on e.role = 'fitness_trainer' and e.legacy_id = p.id::text;
insert into nxtgauge.catering_service_profiles (id, user_role_profile_id, created_at, updated_at, cuisines, min_guests,
    max_guests, price_per_plate, food_license_no, serves_outdoors, menu)
select e.id, e.id, e.created_at, e.updated_at, cuisines, min_guests, max_guests, price_per_plate, food_license_no,
    serves_outdoors, menu
from catering_service_profiles p join extension e on e.role = 'catering_service' and e.legacy_id = p.id::text;
insert into nxtgauge.ugc_content_creator_profiles (id, user_role_profile_id, created_at, updated_at, niches, platforms,
    follower_count, engagement_rate, sample_rates)
select e.id, e.id, e.created_at, e.updated_at, niches, platforms, follower_count, engagement_rate, sample_rates
from ugc_content_creator_profiles p join extension e on e.role = 'ugc_content_creator' and e.legacy_id = p.id;
insert into nxtgauge.company_profiles (id, user_role_profile_id, created_at, updated_at, company_name, registration_no,
    industry, company_size, website, founded_year, is_verified, address, logo_path)
select e.id, e.id, e.created_at, e.updated_at, company_name, registration_no, industry, company_size, website,
    founded_year, is_verified, address, logo_path
from company_profiles p join extension e on e.role = 'company' and e.legacy_id = p.id::text;
insert into nxtgauge.customer_profiles (id, user_role_profile_id, created_at, updated_at, preferred_contact, address,
    loyalty_points, date_of_birth, tags)
select e.id, e.id, e.created_at, e.updated_at, preferred_contact, address, loyalty_points, date_of_birth, tags
from customer_profiles p join extension e on e.role = 'customer' and e.legacy_id = p.id::text;
insert into nxtgauge.job_seeker_profiles (id, user_role_profile_id, created_at, updated_at, headline, resume_path,
    skills, expected_salary, experience_years, education, is_open_to_work, notice_period)
select e.id, e.id, e.created_at, e.updated_at, headline, resume_path, skills, expected_salary, experience_years,
    education, is_open_to_work, notice_period
from job_seeker_profiles p join extension e on e.role = 'job_seeker' and e.legacy_id = p.id::text;

-- the empty extension rows of roots that professionals have created
insert into nxtgauge.photographer_profiles (id, user_role_profile_id, created_at, updated_at, specialties,
    is_drone_certified)
select id, id, coalesce(created_at, updated_at, now()), coalesce(updated_at, created_at, now()), null, null
from root where is_created and role = 'photographer';
insert into nxtgauge.tutor_profiles (id, user_role_profile_id, created_at, updated_at, subjects, qualifications,
    teaching_mode)
select id, id, coalesce(created_at, updated_at, now()), coalesce(updated_at, created_at, now()), null, null, null
from root where is_created and role = 'tutor';
insert into nxtgauge.makeup_artist_profiles (id, user_role_profile_id, created_at, updated_at, travels_to_client)
select id, id, coalesce(created_at, updated_at, now()), coalesce(updated_at, created_at, now()), null
from root where is_created and role = 'makeup_artist';
insert into nxtgauge.developer_profiles (id, user_role_profile_id, created_at, updated_at, tech_stack, open_to_remote)
select id, id, coalesce(created_at, updated_at, now()), coalesce(updated_at, created_at, now()), null, null
from root where is_created and role = 'developer';
insert into nxtgauge.video_editor_profiles (id, user_role_profile_id, created_at, updated_at)
select id, id, coalesce(created_at, updated_at, now()), coalesce(updated_at, created_at, now())
from root where is_created and role = 'video_editor';
insert into nxtgauge.graphic_designer_profiles (id, user_role_profile_id, created_at, updated_at)
select id, id, coalesce(created_at, updated_at, now()), coalesce(updated_at, created_at, now())
from root where is_created and role = 'graphic_designer';
insert into nxtgauge.social_media_manager_profiles (id, user_role_profile_id, created_at, updated_at)
select id, id, coalesce(created_at, updated_at, now()), coalesce(updated_at, created_at, now())
from root where is_created and role = 'social_media_manager';
insert into nxtgauge.fitness_trainer_profiles (id, user_role_profile_id, created_at, updated_at)
select id, id, coalesce(created_at, updated_at, now()), coalesce(updated_at, created_at, now())
from root where is_created and role = 'fitness_trainer';
insert into nxtgauge.catering_service_profiles (id, user_role_profile_id, created_at, updated_at, min_guests,
    serves_outdoors)
select id, id, coalesce(created_at, updated_at, now()), coalesce(updated_at, created_at, now()), null, null
from root where is_created and role = 'catering_service';
insert into nxtgauge.ugc_content_creator_profiles (id, user_role_profile_id, created_at, updated_at)
select id, id, coalesce(created_at, updated_at, now()), coalesce(updated_at, created_at, now())
from root where is_created and role = 'ugc_content_creator';
insert into nxtgauge.company_profiles (id, user_role_profile_id, created_at, updated_at, is_verified)
select id, id, coalesce(created_at, updated_at, now()), coalesce(updated_at, created_at, now()), null
from root where is_created and role = 'company';
insert into nxtgauge.customer_profiles (id, user_role_profile_id, created_at, updated_at, loyalty_points)
select id, id, coalesce(created_at, updated_at, now()), coalesce(updated_at, created_at, now()), null
from root where is_created and role = 'customer';
insert into nxtgauge.job_seeker_profiles (id, user_role_profile_id, created_at, updated_at, is_open_to_work)
select id, id, coalesce(created_at, updated_at, now()), coalesce(updated_at, created_at, now()), null
from root where is_created and role = 'job_seeker';

-- portfolio

insert into nxtgauge.portfolio_items (id, user_role_profile_id, user_id, title, description, category, tags,
    media_count, is_published, sort_order, metadata, created_at, updated_at)
select p.id, coalesce(o.root_id, r.root_id), u.id, title, description, category, tags, media_count, is_published,
    sort_order, metadata, p.created_at, p.updated_at
from portfolio_items p left join users u on u.id = p.user_id
left join owner o on o.id = p.professional_id
left join only_root r on p.professional_id is null and r.user_id = p.user_id
where coalesce(o.root_id, r.root_id) is not null;
insert into nxtgauge.portfolio_images (id, portfolio_item_id, file_path, caption, position, width, height, created_at,
    updated_at)
select i.id, portfolio_item_id, file_path, caption, position, width, height, coalesce(i.created_at, now()),
    coalesce(i.created_at, now())
from portfolio_images i join nxtgauge.portfolio_items p on p.id = i.portfolio_item_id;
insert into nxtgauge.services (id, user_role_profile_id, user_id, name, description, price, currency, duration, tags,
    is_active, created_at, updated_at)
select p.id, coalesce(o.root_id, r.root_id), u.id, name, description, price, currency, duration, tags, is_active,
    coalesce(p.created_at, p.updated_at, now()), coalesce(p.updated_at, p.created_at, now())
from services p left join users u on u.id = p.user_id
left join owner o on o.id = p.professional_id
left join only_root r on p.professional_id is null and r.user_id = p.user_id
where coalesce(o.root_id, r.root_id) is not null;

-- marketplace

insert into nxtgauge.jobs (id, company_id, title, description, employment_type, status, salary, currency, skills, geo,
    location, openings, published_at, expires_at, created_at, updated_at)
select j.id, m.root_id, title, description, coalesce(employment_type, job_type), status::text::nxtgauge.job_status,
    salary, currency, skills, geo::text::nxtgauge.geo_point, location, openings, published_at, expires_at, created_at,
    updated_at
from jobs j join moved m on m.role = 'company' and m.legacy_id = j.company_id::text;
insert into nxtgauge.job_applications (id, job_id, job_seeker_profile_id, user_id, cover_letter, resume_path, status,
    score, answers, applied_at, updated_at, created_at)
select distinct on (a.job_id, m.root_id) a.id, a.job_id, m.root_id, u.id, cover_letter, a.resume_path, a.status, score,
    answers, applied_at, coalesce(a.updated_at, now()), coalesce(a.updated_at, now())
from applications a join nxtgauge.jobs j on j.id = a.job_id
join moved m on m.role = 'job_seeker' and m.legacy_id = a.job_seeker_profile_id::text
left join users u on u.id = a.user_id
order by a.job_id, m.root_id, coalesce(a.updated_at, now()) desc, a.id desc;
insert into nxtgauge.leads (id, user_id, customer_id, title, description, category, budget_min, budget_max, location,
    needed_by, status, contact, created_at, updated_at)
select r.id, r.user_id, m.root_id, title, description, category, budget_min, budget_max, location, needed_by, status,
    contact, created_at, updated_at
from requirements r left join moved m on m.role = 'customer' and m.legacy_id = r.customer_id::text;
insert into nxtgauge.lead_requests (id, lead_id, user_role_profile_id, user_id, message, quoted_price, status,
    tracecoins_spent, created_at, updated_at)
select distinct on (p.requirement_id, coalesce(o.root_id, r.root_id)) p.id, p.requirement_id,
    coalesce(o.root_id, r.root_id), u.id, message, quoted_price, p.status, tracecoins_spent, p.created_at,
    coalesce(p.updated_at, p.created_at)
from lead_requests p join nxtgauge.leads l on l.id = p.requirement_id left join users u on u.id = p.user_id
left join owner o on o.id = p.professional_id
left join only_root r on p.professional_id is null and r.user_id = p.user_id
where coalesce(o.root_id, r.root_id) is not null
order by p.requirement_id, coalesce(o.root_id, r.root_id), coalesce(p.updated_at, p.created_at) desc, p.id desc;
insert into nxtgauge.reviews (id, reviewer_id, professional_id, requirement_id, rating, title, comment, created_at,
    updated_at)
select r.id, reviewer_id, o.root_id, l.id, rating, r.title, comment, r.created_at, r.updated_at
from reviews r left join owner o on o.id = r.professional_id left join nxtgauge.leads l on l.id = r.requirement_id;
insert into nxtgauge.review_display_settings (review_id, created_at, updated_at, is_featured, display_order,
    show_on_homepage, highlight_color, badge_text)
select id, created_at, updated_at, is_featured, display_order, show_on_homepage, highlight_color, badge_text
from reviews;

-- verification

create temp table request as
select s.id as legacy_id, s.id, s.user_id, o.meant as role, 'onboarding' as request_type, t.meant as status,
    coalesce(form_data, '{}') as payload, submitted_at at time zone 'UTC' as submitted_at,
    reviewed_at at time zone 'UTC' as reviewed_at, reviewed_by, rejection_reason,
    coalesce(s.created_at, submitted_at, s.updated_at) at time zone 'UTC' as created_at,
    s.updated_at at time zone 'UTC' as updated_at, config_id, attempt
from onboarding_submissions s join users u on u.id = s.user_id
join status_of t on t.given = s.status and t.meant is not null and trim(s.status) <> ''
left join role_of o on o.given = s.role_key;

insert into nxtgauge.verification_requests (id, user_id, user_role_profile_id, role, request_type, status, payload,
    submitted_at, reviewed_at, reviewed_by, rejection_reason, created_at, updated_at, config_id, attempt,
    attempt_verifications)
select q.id, q.user_id, r.id, q.role, q.request_type, q.status, payload, submitted_at, reviewed_at, reviewed_by,
    q.rejection_reason, coalesce(q.created_at, now()), coalesce(q.updated_at, q.created_at, now()), config_id, attempt,
    null
from request q left join root r on r.user_id = q.user_id and r.role = q.role;

insert into nxtgauge.approval_requests (id, user_role_profile_id, verification_request_id, status, decided_by,
    decided_at, rejection_reason, created_at, updated_at)
select pg_temp.derived('approval_requests:onboarding_submissions:' || q.id), r.id, q.id, q.status, reviewed_by,
    reviewed_at, q.rejection_reason, coalesce(q.created_at, now()), coalesce(q.updated_at, q.created_at, now())
from request q join root r on r.user_id = q.user_id and r.role = q.role
where q.status not in ('DRAFT', 'CANCELLED');

insert into nxtgauge.verification_requests (id, user_id, user_role_profile_id, role, request_type, status, payload,
    created_at, updated_at, attempt, attempt_verifications)
select pg_temp.derived('verification_requests:onboarding_states:' || t.user_id || t.role_key), t.user_id, r.id,
    o.meant, 'onboarding', 'DRAFT', to_jsonb(t),
    coalesce(coalesce(t.created_at, t.updated_at) at time zone 'UTC', now()),
    coalesce(coalesce(t.updated_at, t.created_at) at time zone 'UTC', now()), null, null
from onboarding_states t join users u on u.id = t.user_id
left join role_of o on o.given = t.role_key
left join status_of s on s.given = t.status
left join root r on r.user_id = t.user_id and r.role = o.meant
where t.is_completed is not true and t.completed_at is null and coalesce(s.meant, '') <> 'APPROVED'
    and not exists (
        select from onboarding_submissions q left join role_of p on p.given = q.role_key
        where q.user_id = t.user_id and coalesce(p.meant, q.role_key) = coalesce(o.meant, t.role_key));

create temp table verified as
select v.*, s.meant, u.id as owner,
    case when q.id is null then v.id else pg_temp.derived('verifications:' || v.id) end as target_id
from verifications v join users u on u.id = case when pg_input_is_valid(v.user_id, 'uuid') then v.user_id::uuid end
join status_of s on s.given = v.status and s.meant is not null and trim(v.status) <> ''
left join onboarding_submissions q on q.id = v.id;

insert into nxtgauge.verification_requests (id, user_id, request_type, status, payload, reviewed_at, reviewed_by,
    rejection_reason, created_at, updated_at, attempt, details, attempt_verifications)
select target_id, owner, verification_type, meant, '{}', verified_at, verified_by, rejection_reason,
    coalesce(created_at, updated_at, now()), coalesce(updated_at, created_at, now()), null, details, attempt
from verified;

insert into nxtgauge.verification_documents (id, verification_request_id, document_type, file_url, status, created_at,
    updated_at, file_size, mime_type, checksum)
select d.id, q.id, document_type, file_path, s.meant, coalesce(d.created_at at time zone 'UTC', now()),
    coalesce(d.created_at at time zone 'UTC', now()), file_size, mime_type, checksum
from submission_documents d join request q on q.id = d.submission_id
left join status_of s on s.given = d.status and trim(d.status) <> ''
where file_path is not null and (d.status is null or trim(d.status) = '' or s.meant is not null);

insert into nxtgauge.verification_logs (id, verification_request_id, action, actor_id, old_status, new_status, note,
    metadata, created_at, updated_at)
select l.id, v.target_id, action, actor_id, old_status, new_status, note, l.metadata, l.created_at, l.created_at
from verification_logs l join verified v on v.id = l.verification_id;

-- finance

insert into nxtgauge.tracecoin_wallets (id, user_id, balance, lifetime_earned, is_frozen, created_at, updated_at)
select id, user_id, balance, lifetime_earned, is_frozen, created_at, updated_at from tracecoin_wallets;
insert into nxtgauge.tracecoin_ledger (id, wallet_id, entry, amount, balance_after, reference_type, reference_id,
    description, created_at, updated_at)
overriding system value
select id, wallet_id, entry::text::nxtgauge.ledger_entry, amount, balance_after, reference_type, reference_id,
    description, created_at, created_at from tracecoin_ledger;
insert into nxtgauge.pricing_packages (id, code, name, tracecoins, price, currency, features, is_active, sort_order,
    created_at, updated_at)
select id, code, name, tracecoins, price, currency, features, is_active, sort_order, created_at, updated_at
from pricing_packages;
insert into nxtgauge.payments (id, user_id, package_id, amount, currency, status, provider, provider_payment_id,
    failure_reason, raw_response, paid_at, created_at, updated_at)
select p.id, user_id, k.id, amount, p.currency, status, provider, provider_payment_id, failure_reason, raw_response,
    paid_at, p.created_at, p.updated_at
from payments p left join pricing_packages k on k.id = p.package_id;
insert into nxtgauge.coupons (id, code, discount_type, value, max_uses, valid_from, valid_to, is_active, created_at,
    updated_at)
select id, code, discount_type, value, max_uses, valid_from, valid_to, is_active, created_at, updated_at from coupons;
insert into nxtgauge.discounts (id, name, "discount %", flat_amount, applies_to, valid_during, scope, created_at,
    updated_at)
select id, name, "discount %", flat_amount, applies_to, valid_during, scope, created_at, created_at from discounts;
insert into nxtgauge.invoices (id, invoice_number, payment_id, user_id, amount, tax_rate, tax_amount, issued_at,
    due_on, pdf_path, created_at, updated_at)
select i.id, invoice_number, p.id, i.user_id, i.amount, tax_rate, tax_amount, issued_at, due_on, pdf_path,
    coalesce(case when isfinite(issued_at) then issued_at end, now()),
    coalesce(case when isfinite(issued_at) then issued_at end, now())
from invoices i left join payments p on p.id = i.payment_id;

insert into nxtgauge.payment_gateway_configs (id, gateway, display_name, is_active, settings)
select pg_temp.derived('payment_gateway_configs:' || provider), provider, provider, true, '{}'
from (select distinct provider from payments where trim(provider) <> '') g;

create temp table ordered as
select p.id, p.user_id, round(p.amount, 2) as total, p.package_id, p.provider, p.provider_payment_id, p.created_at,
    p.updated_at, p.currency, s.meant as status, coalesce(i.tax, 0) as tax, coalesce(c.discount, 0) as discount,
    c.coupon_id, pg_temp.derived('orders:payments:' || p.id) as order_id
from payments p join users u on u.id = p.user_id
join order_status_of s on s.given = p.status and s.meant is not null
left join (select payment_id, sum(tax_amount) as tax from invoices group by payment_id) i on i.payment_id = p.id
left join (
    select payment_id, sum(discount_amount) as discount, (array_agg(coupon_id order by used_at, id))[1] as coupon_id
    from coupon_uses group by payment_id
) c on c.payment_id = p.id
where (p.currency is null or p.currency ~ '^[A-Za-z]{3}$') and p.amount <> 'NaN' and p.amount = round(p.amount, 2)
    and abs(p.amount) < 1e12;
analyze ordered;

insert into nxtgauge.orders (id, user_id, status, currency, subtotal, discount_amount, tax_amount, total, coupon_id,
    placed_at, created_at, updated_at)
select order_id, user_id, status, currency, total - tax + discount, discount, tax, total, coupon_id, created_at,
    created_at, updated_at from ordered;
insert into nxtgauge.order_items (id, order_id, pricing_package_id, quantity, unit_price, line_total, created_at,
    updated_at)
select pg_temp.derived('order_items:payments:' || o.id), order_id, k.id, 1, total - tax + discount,
    total - tax + discount, o.created_at, o.updated_at
from ordered o left join pricing_packages k on k.id = o.package_id;
insert into nxtgauge.payment_transactions (id, order_id, payment_id, payment_gateway_config_id, gateway_reference,
    amount, currency, status, processed_at, created_at, updated_at)
select pg_temp.derived('payment_transactions:payments:' || id), order_id, id,
    case when trim(provider) <> '' then pg_temp.derived('payment_gateway_configs:' || provider) end,
    provider_payment_id, total, currency, status, case when status <> 'PENDING' then created_at end, created_at,
    updated_at from ordered;
insert into nxtgauge.coupon_redemptions (id, coupon_id, user_id, payment_id, discount_amount, redeemed_at, order_id,
    created_at, updated_at)
select c.id, c.coupon_id, c.user_id, p.id, discount_amount, used_at, o.order_id, used_at, used_at
from coupon_uses c join users u on u.id = c.user_id left join payments p on p.id = c.payment_id
left join ordered o on o.id = c.payment_id;

-- audit

create function pg_temp.as_inet(value text) returns inet language sql stable as
$$ select case when pg_input_is_valid(value, 'inet') then value::inet end $$;

insert into nxtgauge.audit_logs (id, actor_user_id, action, entity_type, entity_id, ip_address, user_agent, metadata,
    created_at)
select a.id, u.id, action, entity_type, entity_id, pg_temp.as_inet(ip_address), user_agent,
    case when ip_address is null or pg_temp.as_inet(ip_address) is not null then m.document
        else coalesce(m.document, '{}') || jsonb_build_object(
            'legacy_ip_address' || case when m.document ? 'legacy_ip_address' then '_' else '' end, ip_address) end,
    coalesce(a.created_at, now())
from activity_logs a left join users u on u.id = a.user_id cross join lateral (
    select case when jsonb_typeof(a.metadata) <> 'object' then jsonb_build_object('legacy_metadata', a.metadata)
        else a.metadata end as document) m;

insert into nxtgauge.audit_log_changes (id, audit_log_id, field_name, old_value, new_value, created_at)
select pg_temp.derived('audit_log_changes:activity_logs:' || a.id || ':' || f.name), a.id, f.name, f.old, f.new,
    coalesce(a.created_at, now())
from activity_logs a cross join lateral (
    select key as name, value -> 'old' as old, value -> 'new' as new
    from jsonb_each(case when jsonb_typeof(a.metadata -> 'changes') = 'object' then a.metadata -> 'changes' end)
    where jsonb_typeof(value) = 'object'
    union all
    select key, b.value, n.value
    from jsonb_each(case when jsonb_typeof(a.metadata -> 'before') = 'object' then a.metadata -> 'before' end) b
    full join jsonb_each(case when jsonb_typeof(a.metadata -> 'after') = 'object' then a.metadata -> 'after' end) n
        using (key)
    where a.metadata ? 'before' and a.metadata ? 'after' and jsonb_typeof(a.metadata -> 'before') in ('object', 'null')
        and jsonb_typeof(a.metadata -> 'after') in ('object', 'null')
        and coalesce(jsonb_typeof(a.metadata -> 'changes' -> key), '') <> 'object'
) f
where jsonb_typeof(a.metadata) = 'object' and f.old is distinct from f.new;

-- communication

insert into nxtgauge.notifications (id, user_id, activity_log_id, kind, title, body, data, channels, read_at,
    created_at, updated_at)
select n.id, n.user_id, activity_log_id, kind, title, body, data, channels, read_at, coalesce(n.created_at, now()),
    coalesce(n.created_at, now())
from notifications n join users u on u.id = n.user_id;
insert into nxtgauge.email_logs (id, user_id, to_address, template, subject, headers, status, provider_message_id,
    error, opens, spam_score, sent_at)
select e.id, u.id, to_address, template, subject, headers, e.status, provider_message_id, error, opens, spam_score,
    sent_at
from email_logs e left join users u on u.id = e.user_id;

create function pg_temp.ticket_id(id text) returns uuid language sql stable as
$$ select case when pg_input_is_valid(id, 'uuid') then id::uuid else pg_temp.derived('support_tickets:' || id) end $$;

insert into nxtgauge.support_tickets (id, ticket_number, user_id, subject, description, category, priority, status,
    assigned_to, tags, response_target, created_at, updated_at, closed_at)
select pg_temp.ticket_id(id), ticket_number, user_id, subject, description, category, priority::text::nxtgauge.ticket_priority, status,
    assigned_to, tags, response_target, created_at, updated_at, closed_at
from support_tickets;
insert into nxtgauge.support_ticket_messages (id, ticket_id, sender_id, sender_type, body, attachments, is_internal,
    created_at, updated_at)
select m.id, t.id, sender_id, sender_type, body, attachments, is_internal, m.created_at,
    m.created_at at time zone 'UTC'
from support_ticket_messages m join nxtgauge.support_tickets t on t.id = pg_temp.ticket_id(m.ticket_id);

-- knowledge base

insert into nxtgauge.kb_categories (id, name, slug, parent_id, position, created_at, updated_at)
select id, name, slug, parent_id, position, created_at, updated_at from kb_categories;
insert into nxtgauge.kb_sections (id, category_id, title, slug, position, created_at, updated_at)
select pg_temp.derived('kb_sections:' || id), id, 'General', 'general', 0, created_at, updated_at from kb_categories;
insert into nxtgauge.kb_articles (id, category_id, title, slug, body, tags, status, view_count, author_id,
    published_at, created_at, updated_at, section_id)
select a.id, c.id, title, a.slug, body, tags, status, view_count, author_id, published_at, a.created_at, a.updated_at,
    pg_temp.derived('kb_sections:' || c.id)
from kb_articles a left join kb_categories c on c.id = a.category_id;

-- the archive

insert into legacy_archive._sqlx_migrations select * from _sqlx_migrations;
insert into legacy_archive.activity_logs select * from activity_logs;
insert into legacy_archive.onboarding_configs overriding system value select * from onboarding_configs;
insert into legacy_archive.onboarding_states select * from onboarding_states;
insert into legacy_archive.professionals select * from professionals;

-- sequences go on

do $$
declare it record;
begin
    for it in
        select t.relname as name, a.attname as col from pg_depend d
        join pg_class s on s.oid = d.objid and s.relkind = 'S'
        join pg_class t on t.oid = d.refobjid and t.relnamespace = 'nxtgauge'::regnamespace
        join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
    loop
        execute format('select setval(pg_get_serial_sequence(%L, %L), coalesce(max(%I), 1)) from nxtgauge.%I',
            'nxtgauge.' || it.name, it.col, it.col, it.name);
    end loop;
end $$;
select setval('nxtgauge.invoice_number_seq', last_value, is_called) from public.invoice_number_seq;
select setval('nxtgauge.ticket_number_seq', last_value, is_called) from public.ticket_number_seq;
