-- A section's id derives from its category.
-- table: kb_sections
-- derived
select s.id::text as key, s.id::text as id, 'kb_sections:' || s.category_id::text as name from kb_sections s
