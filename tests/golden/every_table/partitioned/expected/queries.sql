select count(*)::text from migration.balance where legacy_table like 'page_views%';
