-- The thirteen profile tables and professionals.
--
-- seed_profile holds what all profiles have in common. Remainders of n (a role's own row number) by 1000:
--   1 no status, 2 '' and 3 blanks for one, 4 and 11 an unknown one (11 is also a duplicate), 7 a duplicate updated
--   later than row 6, 9 one updated at the same time as row 8, 13 an orphan, 14 no user, 15 to 17 an id taken by
--   another table or one that is no UUID, 18 and 19 no times. Of 500: 20 and 21 naughty strings, 22 '', 23 'NULL'.

create temp table seed_profile on commit drop as
select r.role, r.ordinal, r.is_professional, n, key, seed_uuid(r.role || '_profiles', n) as id,
    case when n % 1000 = 13 and r.is_loose then seed_uuid('nobody', key)
        when n % 1000 = 14 and r.role = 'customer' then null
        else seed_uuid('users', seed_user(r.first + t, s.users)) end as user_id,
    r.first + t as place,
    case n % 500 when 20 then seed_naughty(n + 500 * r.ordinal) when 23 then 'NULL'
        else seed_person(key, 100) end as display_name,
    case when n % 500 = 21 then seed_naughty(n + 500 * r.ordinal + 6500) when seed_chance(key, 102, 100) then null
        else seed_sentence(key, 103) end as bio,
    case n % 500 when 22 then '' else seed_place(key, 106) end as location,
    case when r.role = 'company' and n % 1000 <> 1
        then ('{draft,pending,active,active,rejected,blocked}'::text[])[seed_pick(key, 120, 6)] else
    case n % 1000 when 1 then null when 2 then '' when 3 then '   '
        when 4 then 'on hold' when 11 then ('{ghosted,TBD,7,"active?"}'::text[])[1 + r.ordinal % 4]
        else ('{active,active,Active,ACTIVE,approved,Approved,APPROVED,verified,accepted,pending,PENDING,submitted,new,'
            '"In Review",in_review,under-review,Processing,draft,Draft,DRAFT,rejected,Rejected,declined,'
            '"changes requested",needs_info,Resubmit,cancelled,CANCELED,withdrawn,expired,suspended,Blocked,inactive,'
            ' completed ,failed}'::text[])[seed_pick(key, 107, 35)] end end as status,
    case n % 1000 when 18 then null when 19 then null else seed_time(t_key, 108) end as created_at,
    case n % 1000 when 19 then null else seed_time(t_key, 108) + seed_later(t_key, 109, 90)
        + case n % 1000 when 7 then interval '1 day' when 11 then interval '2 days' else '0' end end as updated_at,
    case when r.is_professional then seed_hash(key, 110) end as draw
from seed_size s
cross join lateral (
    select *, role in ('tutor', 'developer', 'social_media_manager', 'ugc_content_creator', 'company', 'customer',
        'job_seeker') as is_repeated, role in ('developer', 'social_media_manager', 'ugc_content_creator', 'company',
        'customer', 'job_seeker') as is_loose from seed_role) r
cross join lateral generate_series(1, r.size) n
cross join lateral (select r.ordinal * 100000000 + n as key, case when n % 1000 in (7, 9, 11) and r.is_repeated
        then n - 2 else n - 1 end as t, r.ordinal * 100000000 + case when n % 1000 in (7, 9) and r.is_repeated
        then n - 1 else n end as t_key) k;

create temp view seed_common as
select *, case when lower(trim(status)) in ('rejected', 'declined', 'failed') then 'Please add ' || location end
        as rejection_reason,
    case when lower(trim(status)) in ('active', 'approved', 'verified', 'accepted', 'completed') then updated_at end
        as approved_at
from seed_profile;

insert into photographer_profiles
select id, user_id, left(display_name, 160), bio, location, status, rejection_reason, approved_at,
    seed_tags(key, 120, '{wedding,portrait,product,food,street,sports,drone,"black, white"}'),
    case when n % 3 = 0 then '{"bodies": 2, "lenses": ["35mm", "85mm"], "value": 5200.50}'::jsonb end,
    seed_price(key, 122), seed_place(key, 123), seed_pick(key, 124, 30), n % 5 = 0, '@sample_' || n,
    coalesce(created_at, '2023-01-01'), coalesce(updated_at, '2023-01-01')
from seed_common where role = 'photographer';

insert into tutor_profiles
select case when n % 1000 = 15 then seed_uuid('photographer_profiles', n) else id end, user_id, display_name, bio,
    location, status, rejection_reason, approved_at, seed_tags(key, 120, '{maths,physics,german,music,chess,art,law}'),
    '[{"degree": "BSc", "year": 2010}]', int4range(1, seed_pick(key, 122, 12)::int, '[]'),
    ('{online,offline,hybrid}'::text[])[seed_pick(key, 123, 3)], seed_price(key, 124),
    (seed_hash(key, 125) % 500 / 100.0)::real, created_at, updated_at
from seed_common where role = 'tutor';

insert into makeup_artist_profiles
select id, user_id, display_name, bio, left(location, 200), status, rejection_reason, approved_at,
    seed_tags(key, 120, '{bridal,editorial,stage,"special effects",airbrush,party,henna}'),
    seed_tags(key, 122, '{"Brand A","Brand B","Brand \"C\"",NULL,"Brand, E",F,G}'), seed_price(key, 124) * 10,
    ('{t,f,NULL}'::boolean[])[seed_pick(key, 125, 3)], '{"brushes": 24}',
    coalesce(created_at, '2023-01-01'), coalesce(updated_at, '2023-01-01')
from seed_common where role = 'makeup_artist';

insert into developer_profiles
select case when n % 1000 = 16 then seed_uuid('customer_profiles', n) else id end, user_id, display_name, bio, location,
    status, rejection_reason, approved_at, seed_tags(key, 120, '{python,rust,sql,go,typescript,swift,c++}'),
    '{"frontend": ["react"], "score": 9.10}', ('{junior,mid,senior,NULL}'::text[])[seed_pick(key, 122, 4)],
    case seed_hash(key, 123) % 10 when 0 then null when 1 then '' else 'https://github.example.com/sample-' || n end,
    case when n % 3 = 0 then 'https://portfolio.example.org/' || n || '?q=a%20b' end,
    case n % 1000 when 1 then 'NaN' when 2 then 12.3400 else seed_price(key, 124) end, seed_pick(key, 125, 60),
    n % 4 > 0, coalesce(created_at, '2023-01-01'), updated_at
from seed_common where role = 'developer';

insert into video_editor_profiles
select id, user_id, display_name, bio, location, status, rejection_reason, approved_at,
    seed_tags(key, 120, '{cutter,resolver,premiere,avid,blender,nuke,final}'),
    case when n % 4 > 0 then 'https://videos.example.com/reel/' || n end, seed_later(key, 122, 20),
    seed_tags(key, 123, '{mp4,mov,prores,webm,mkv,gif,dcp}'), seed_price(key, 125),
    coalesce(created_at, '2023-01-01'), coalesce(updated_at, '2023-01-01')
from seed_common where role = 'video_editor';

insert into graphic_designer_profiles
select id, user_id, display_name, bio, location, status, rejection_reason, approved_at,
    seed_tags(key, 120, '{inkscape,gimp,figma,krita,scribus,pen,paper}'),
    case when n % 5 > 1 then 'https://designs.example.org/sample/' || n end,
    seed_tags(key, 122, '{flat,swiss,retro,minimal,brutal,organic,3d}'), seed_price(key, 124),
    coalesce(created_at, '2023-01-01')
from seed_common where role = 'graphic_designer';

insert into social_media_manager_profiles
select id, user_id, display_name, bio, location, status, rejection_reason, approved_at,
    seed_tags(key, 120, '{photos,video,micro,forum,pro,pins,chat}'), seed_hash(key, 122) % 5000000000,
    case when n % 6 > 0 then 'https://www.example.com/agency/' || n end,
    case when n % 2 = 0 then '[{"client": "Example Ltd", "growth": 12.50}]'::jsonb end,
    coalesce(updated_at, '2023-01-01')
from seed_common where role = 'social_media_manager';

insert into fitness_trainer_profiles
select id, user_id, display_name, bio, location, status, rejection_reason, approved_at,
    '[{"name": "First aid", "until": "2026-01-31"}]', seed_tags(key, 120, '{yoga,strength,hiit,pilates,run,swim,box}'),
    seed_price(key, 122), time '05:00' + seed_later(key, 123, 1) / 4, case when n % 3 = 0 then '22:30:00.5+05:30' end
        ::timetz, coalesce(created_at, '2023-01-01'), coalesce(updated_at, '2023-01-01')
from seed_common where role = 'fitness_trainer';

insert into catering_service_profiles
select n, user_id, display_name, bio, location, status, rejection_reason, approved_at,
    seed_tags(key, 120, '{thai,italian,vegan,indian,bbq,tapas,"crème brûlée"}'), seed_pick(key, 122, 20),
    20 + seed_pick(key, 123, 500), seed_price(key, 124), 'LIC-' || lpad(n::text, 6, '0'), n % 2 = 0,
    '{"starter": ["soup"], "price": 10.00}', coalesce(created_at, '2023-01-01'), coalesce(updated_at, '2023-01-01')
from seed_common where role = 'catering_service';

insert into ugc_content_creator_profiles
select case when n % 1000 = 17 then 'ugc-' || lpad(n::text, 6, '0') else id::text end, user_id, display_name, bio,
    location, status, rejection_reason, approved_at, seed_tags(key, 120, '{beauty,tech,pets,travel,food,books,diy}'),
    '{"clips": {"followers": 120}}', seed_hash(key, 122) % 10000000, (seed_hash(key, 123) % 10000)::numeric / 100,
    array[seed_price(key, 124), null, 1.10], coalesce(created_at, '2023-01-01'), coalesce(updated_at, '2023-01-01')
from seed_common where role = 'ugc_content_creator';

insert into company_profiles
select id, user_id, display_name, bio, location, status::company_status, rejection_reason, approved_at,
    'Example Company ' || n, case when n % 9 > 0 then 'REG-' || n end,
    ('{IT,retail,health,food,NULL}'::text[])[seed_pick(key, 121, 5)], ('{1-10,11-50,51-200,200+}'::text[])
        [seed_pick(key, 122, 4)],
    case n % 10 when 0 then null when 1 then '' else 'https://company' || n || '.example.com/' end,
    1950 + seed_pick(key, 123, 73), n % 3 = 0, '{"street": "1 Sample Road", "zip": "00001"}',
    case when n % 4 = 0 then '/logos/' || n || '.png' end,
    coalesce(created_at, '2023-01-01'), coalesce(updated_at, '2023-01-01')
from seed_common where role = 'company';

insert into customer_profiles
select id, user_id, display_name, bio, location, status, rejection_reason, approved_at,
    ('{email,phone,chat,NULL}'::text[])[seed_pick(key, 120, 4)], case when n % 2 = 0 then '{"zip": "00001"}'::jsonb end,
    seed_hash(key, 121) % 1000, date '1950-01-01' + (seed_hash(key, 122) % 20000)::int,
    case n % 4 when 0 then '{}' when 1 then '{vip,"a, b"}' when 2 then '{"NULL",NULL,""}' end::text[],
    created_at, updated_at
from seed_common where role = 'customer';

insert into job_seeker_profiles
select id, user_id, display_name, bio, location, status, rejection_reason, approved_at, 'Looking for work no. ' || n,
    case when n % 3 > 0 then '/resumes/' || n || '.pdf' end,
    seed_tags(key, 120, '{sales,excel,welding,java,nursing,french,driving}'),
    case n % 5 when 0 then null when 1 then 'empty'::numrange
        else numrange(30000.50, 30001 + seed_pick(key, 122, 50000)) end,
    (seed_hash(key, 123) % 400)::numeric / 10, '[{"school": "Sample High"}]', n % 4 > 0,
    case n % 3 when 0 then interval '1 month' when 1 then interval '2 weeks 3 hours' end, created_at, updated_at
from seed_common where role = 'job_seeker';

-- Professionals: one for most professional profiles, in the order of a draw, so that all roles have some. Remainders
-- of their number by 1000: 1 and 2 no role, 3 '' and 4 an unknown one, 5 no times, 6 the id of its own profile.

insert into professionals
select case when g % 1000 = 6 then id else seed_uuid('professionals', g) end,
    coalesce(user_id, seed_uuid('nobody', key)),
    case g % 1000 when 1 then null when 2 then null when 3 then '' when 4 then 'Astrologer' else spelling end,
    display_name, bio, location, status, approved_at, seed_price(key, 140), (seed_hash(key, 141) % 501)::numeric / 100,
    g % 50 = 0, '{"source": "v1", "score": 1.10}',
    case when g % 1000 = 5 then null else created_at end, case when g % 1000 = 5 then null else updated_at end
from (
    select p.*, row_number() over (order by p.draw, p.key) as g,
        r.spellings[seed_pick(p.key, 142, cardinality(r.spellings))] as spelling
    from seed_common p join seed_role r using (ordinal) where p.is_professional
) p cross join seed_size s
where g <= s.professionals - s.professional_extras;

-- And those gone astray, by e % 13 (h: the users at the end of the circle, who have no profile at all):
--   0 no profile, no role             1 two professional profiles, no role  2 no profile, role known: creates one
--   3 and 4 two for one user: one creates, one merges                       5 creates, its id is a profile's
--   6 a company                       7 unknown role, no profile            8 an orphan
--   9 its only profile was rejected   10 creates, its status unknown        11 a second one of an existing profile
--   12 one professional profile, no role

insert into professionals
select case e % 13 when 5 then seed_uuid('customer_profiles', 30 + e) else
        seed_uuid('professionals', s.professionals - s.professional_extras + e + 1) end,
    case when e % 13 = 8 then seed_uuid('nobody', e) else seed_uuid('users', seed_user(place, s.users)) end,
    case when e % 13 in (0, 1, 12) then null when e % 13 = 6 then 'COMPANY' when e % 13 = 7 then 'Time Traveller'
        when e % 13 in (9, 11) then 'Photographer' else ('{tutor,UGC,video-editor}'::text[])[1 + e / 13 % 3] end,
    seed_person(e, 150), seed_sentence(e, 152), seed_place(e, 155),
    case when e % 13 = 10 then 'mystery' when e % 13 = 2 and e % 24 = 2 then null else 'Active' end,
    seed_time(e, 156), seed_price(e, 157), 4.5, false, null, seed_time(e, 158),
    seed_time(e - e % 13, 159) + e % 13 * interval '1 day'
from seed_size s
cross join (select first from seed_role where role = 'photographer') photographer
cross join (select first, size from seed_role where role = 'tutor') tutor
cross join (select first, size from seed_role where role = 'company') company
cross join lateral generate_series(0, s.professional_extras - 1) e
cross join lateral (select case e % 13 when 1 then tutor.first + 4 + e / 13 % (tutor.size / 5)
    when 6 then company.first + e / 13 % company.size
    when 9 then photographer.first + 3 when 11 then photographer.first + 29 + e / 13 % 20
    when 12 then photographer.first + 9 + e / 13 % 20
    else s.users - 1 - (e - case e % 13 when 4 then 1 else 0 end) % (s.users / 25) end as place) p;
