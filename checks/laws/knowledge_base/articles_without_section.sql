-- Every article without a section is noted: as one of no category, or of a category that is nowhere.
-- table: kb_articles
-- needs: kb_articles
-- source
select a.key, case when a.category_id is null then 'no_category' else 'orphan: no such row in kb_sections' end as note
from kb_articles a left join kb_categories c on c.id = a.category_id and c.rejected is null
where a.rejected is null and c.id is null
-- target
select n.legacy_key as key, n.note from notes n
where n.legacy_table = 'kb_articles' and n.target_table = 'kb_articles' and n.target_column = 'section_id'
