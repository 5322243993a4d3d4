-- The forbidden links of the profiles that stay, and no others, are kept for their owners. The key is the root's id and
-- the column.
-- table: removed_links
-- source
select p.id || ' github_url' as key, 'developer_profiles' as legacy_table, p.github_url as url
from developer_profiles p where p.rejected is null and p.github_url is not null
union all
select p.id || ' portfolio_url', 'developer_profiles', p.portfolio_url
from developer_profiles p where p.rejected is null and p.portfolio_url is not null
union all
select p.id || ' reel_url', 'video_editor_profiles', p.reel_url
from video_editor_profiles p where p.rejected is null and p.reel_url is not null
union all
select p.id || ' portfolio_url', 'graphic_designer_profiles', p.portfolio_url
from graphic_designer_profiles p where p.rejected is null and p.portfolio_url is not null
-- target
select l.user_role_profile_id || ' ' || l.legacy_column as key, l.legacy_table, l.url from removed_links l
