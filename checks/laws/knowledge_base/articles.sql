-- Every article stands in the section of its category; one without a category, or of one that is nowhere, in none.
-- table: kb_articles
-- needs: kb_articles
-- source
select a.id as key, max(c.id) as category_of_section
from kb_articles a left join kb_categories c on c.id = a.category_id and c.rejected is null
where a.rejected is null
group by a.tid, a.id
-- target
select a.id as key, s.category_id as category_of_section
from kb_articles a left join kb_sections s on s.id = a.section_id
