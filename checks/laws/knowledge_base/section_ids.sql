-- A section's id derives from its category.
-- table: kb_sections
-- derived
select concat(s.id) as key, concat(s.id) as id, 'kb_sections:' || concat(s.category_id) as name from kb_sections s
