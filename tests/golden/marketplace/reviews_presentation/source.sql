-- The presentation columns found on reviews move to review_display_settings; the rest of reviews is copied. One that is generated
-- from what stays behind arrives as its values.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table reviews (id uuid primary key, user_id uuid references users (id),
    rating smallint not null check (rating between 1 and 5), body text,
  is_featured boolean not null default false, display_order int, badge_text text,
    highlight_color text generated always as (case when rating > 4 then 'gold' end) stored);
insert into reviews values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1', 5, 'good',
    true, 3, 'Top'), ('00000000-0000-0000-0000-0000000000b2', null, 1, '', false, 1, 'Low');
