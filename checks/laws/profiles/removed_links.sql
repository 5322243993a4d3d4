-- The forbidden links of the profiles that stay, and no others, are kept for their owners. The key is the root's id and
-- the column.
-- table: removed_links
-- source
select l.id || ' ' || l.legacy_column as key, l.legacy_table, l.url from forbidden_link l
-- target
select concat(l.user_role_profile_id, ' ', l.legacy_column) as key, l.legacy_table, l.url from removed_links l
