select count(*) || ' ' || count(distinct user_id) from user_role_profiles;
select count(*)::text from user_role_profiles where id::text like '00000000-0000-0000-0001-%';
select count(*)::text from services s join user_role_profiles r on r.id = s.user_role_profile_id where right(r.user_id::text, 7)::int = 1 + s.id % 3000;
select min(right(id::text, 7)) || ' ' || max(right(id::text, 7)) from user_role_profiles where id::text like '00000000-0000-0000-0002-%';
