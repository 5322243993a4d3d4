-- The only professional-role profile of each user that has just one.
select user_id, min(id) as id from root where role not in ('company', 'customer', 'job_seeker')
group by user_id having count(*) = 1
