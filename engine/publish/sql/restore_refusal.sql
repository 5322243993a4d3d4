
delete from pg_temp.in_the_way where inserted + updated + deleted + replaced + deleted_here = 0;
select count(*) > 0 as is_in_the_way, :'overwrite'::boolean as may_overwrite from pg_temp.in_the_way \gset
\if :is_in_the_way
\echo 'Rows of the schema that this would take away, by what stands here: of inserted rows their keys are taken; to others'
\echo 'something was written in the schema since; deleted_here were deleted in it since, and would come back.'
select * from pg_temp.in_the_way order by 1;
\if :may_overwrite
\echo 'They are replaced, as overwrite says.'
\else
\echo 'Look at them; -v overwrite=1 replaces them.'
do $$ begin raise 'nothing was restored: rows of the schema would be lost'; end $$;
\endif
\endif
