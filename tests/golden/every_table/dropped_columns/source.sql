-- Columns that the legacy database dropped, and such that came late with a default, disturb nothing.
create table users (gone int, id uuid primary key, also_gone text, name text);
insert into users values (1, '00000000-0000-0000-0000-0000000000a1', 'x', 'ann');
alter table users drop column gone, drop column also_gone, add column tier text not null default 'basic';
create table tutor_profiles (gone text, id uuid primary key, user_id uuid references users (id), lost int,
    status text, subject text);
insert into tutor_profiles values ('g', '00000000-0000-0000-0000-0000000000b1',
    '00000000-0000-0000-0000-0000000000a1', 3, 'active', 'maths');
alter table tutor_profiles drop column gone, drop column lost;
