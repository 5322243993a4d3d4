-- Activities whose metadata may tell of changes but is nested deeper than 100 levels: nobody reads their changes.
select l.key
from activity_logs l
where l.rejected is null and (l.metadata like '%"changes"%' or l.metadata like '%"before"%')
    and case when length(l.metadata) - length(translate(l.metadata, '{[', '')) > 100 then (
        select max(opened.depth) > 100
        from (
            select sum(case when mark in ('{', '[') then 1 else -1 end) over (order by place) as depth
            from regexp_matches(regexp_replace(l.metadata, '"([^"\\]|\\.)*"', '', 'g'), '[][{}]', 'g')
                with ordinality as found (marks, place), unnest(found.marks) as mark
        ) as opened
    ) else false end
