-- Portfolio items, their images, services. Most name a row of professionals. Remainders of n by 1000:
--   1 an orphan, 2 a profile named directly, 3 no professional but a user with one professional profile,
--   4 the same with several, 5 neither, 6 a user without any, 7 an extra professional (gone astray or created).

create temp view seed_owner as
select kind, n, case n % 1000
        when 1 then seed_uuid('nobody', n)
        when 2 then seed_uuid('photographer_profiles', 30 + n / 1000 % (photographer.size - 29))
        when 7 then seed_uuid('professionals', s.professionals - n / 1000 % s.professional_extras)
        else case when n % 1000 between 3 and 6 then null
            else seed_uuid('professionals', seed_pick(n, 201 + ordinal, s.professionals - s.professional_extras)) end
        end as professional_id,
    case n % 1000 when 3 then seed_uuid('users', seed_user(photographer.first + 9, s.users))
        when 4 then seed_uuid('users', seed_user(tutor.first + 9, s.users))
        when 6 then seed_uuid('users', seed_user(s.users - 1, s.users)) end as user_id
from seed_size s
cross join (select first, size from seed_role where role = 'photographer') photographer
cross join (select first from seed_role where role = 'tutor') tutor
cross join lateral (values (0, 'portfolio_items', s.portfolio_items), (1, 'services', s.services),
    (2, 'lead_requests', s.lead_requests)) k (ordinal, kind, size)
cross join lateral generate_series(1, k.size) n;

insert into portfolio_items
select seed_uuid('portfolio_items', n), professional_id, user_id,
    case n % 500 when 20 then seed_naughty(n + 4000) else 'Work no. ' || n end,
    case when seed_chance(n, 210, 200) then null else seed_sentence(n, 211) end,
    ('{wedding,web,lesson,menu,Other,"",NULL}'::text[])[seed_pick(n, 214, 7)],
    seed_tags(n, 215, '{new,best,"in, quotes",NULL,2023,"",ünïcode}'), seed_hash(n, 217) % 12, n % 8 > 0,
    case when n % 3 = 0 then null else (n % 40)::int end,
    case n % 5 when 0 then '{"views": 10, "ratio": 1.50}' when 1 then '[]' end::jsonb,
    seed_time(n, 218), seed_time(n, 218) + seed_later(n, 219, 100)
from seed_owner where kind = 'portfolio_items';

-- 1 an orphan, 3 an image of an item that is rejected
insert into portfolio_images
select seed_uuid('portfolio_images', n), case n % 1000 when 1 then seed_uuid('nobody', n)
        when 3 then seed_uuid('portfolio_items', 1)
        else seed_uuid('portfolio_items', seed_pick(n, 220, s.portfolio_items)) end,
    '/portfolio/' || n / 1000 || '/' || n || '.jpg',
    case n % 500 when 20 then seed_naughty(n + 13500) when 21 then '' when 22 then null else 'Image ' || n end,
    n % 10, case when n % 9 > 0 then 1920 end, case when n % 9 > 0 then 1080 end,
    case when n % 1000 = 4 then null else seed_time(n, 221) end
from seed_size s cross join lateral generate_series(1, s.portfolio_images) n;

insert into services
select n, professional_id, user_id, case n % 500 when 20 then seed_naughty(n + 6000) else 'Service ' || n end,
    case when n % 4 = 0 then null else seed_sentence(n, 230) end,
    case when n % 50 = 0 then null else seed_price(n, 233) end, ('{USD,EUR,INR}'::text[])[seed_pick(n, 234, 3)],
    case n % 4 when 0 then null when 1 then interval '90 minutes' when 2 then interval '1 day'
        else interval '-1 mon 2 d' end,
    seed_tags(n, 235, '{home,online,group,"one,two",quick,x,y}'), n % 7 > 0,
    case when n % 1000 = 8 then null else seed_time(n, 237) end,
    case when n % 1000 in (8, 9) then null else seed_time(n, 237) + seed_later(n, 238, 60) end
from seed_owner where kind = 'services';
