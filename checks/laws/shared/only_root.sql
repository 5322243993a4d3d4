-- The only professional-role profile of each user that has just one.
select user_id, min(id) as id from root where role in (select role from professional_role)
group by user_id having count(*) = 1
