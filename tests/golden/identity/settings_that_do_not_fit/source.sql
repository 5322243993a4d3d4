-- A setting that does not fit the column of user_settings is rejected, not truncated, and stops nobody else's.
create table users (id uuid primary key, language text, sms_notifications text);
insert into users values ('00000000-0000-0000-0000-0000000000a1', 'english', null),
    ('00000000-0000-0000-0000-0000000000a2', 'en', 'maybe'), ('00000000-0000-0000-0000-0000000000a3', 'de', 'true'),
    ('00000000-0000-0000-0000-0000000000a4', null, null);
create table user_settings (user_id uuid primary key references users (id), language varchar(2),
    sms_notifications boolean);
insert into user_settings values ('00000000-0000-0000-0000-0000000000a3', null, null);
-- Numbers beyond the column's range, or with more digits than it keeps.
alter table users add timezone bigint, add theme numeric;
alter table user_settings add timezone smallint, add theme numeric(3, 1);
update users set timezone = case id when '00000000-0000-0000-0000-0000000000a3' then 99999 else 530 end,
    theme = case id when '00000000-0000-0000-0000-0000000000a3' then 1.25 else 1.50 end;
