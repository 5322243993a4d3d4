-- Every category that stays has one section, "General", at the first place and of the category's own times.
-- table: kb_sections
-- source
select distinct on (c.id) c.id as key, 'General' as title, 'general' as slug, '0' as position,
    c.created_at, c.updated_at
from kb_categories c
where c.rejected is null and c.id is not null
order by c.id, c.updated_at desc, c.tid
-- target
select concat(s.category_id) as key, s.title, s.slug, s.position, s.created_at, s.updated_at
from kb_sections s
