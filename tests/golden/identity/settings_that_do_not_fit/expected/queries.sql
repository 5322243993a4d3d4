select string_agg(language, ',') from user_settings where user_id in ('00000000-0000-0000-0000-0000000000a3', '00000000-0000-0000-0000-0000000000a4');
select sms_notifications::text from user_settings where user_id = '00000000-0000-0000-0000-0000000000a3';
select count(*)::text from user_settings where user_id = '00000000-0000-0000-0000-0000000000a1' and language = 'en';
select string_agg(coalesce(timezone::text, '-') || ' ' || coalesce(theme::text, '-'), ', ' order by user_id) from user_settings;
