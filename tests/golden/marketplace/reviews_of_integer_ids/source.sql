-- review_display_settings points at the review's own key, whatever its type.
create table users (id uuid primary key);
create table reviews (id bigserial primary key, rating int, show_on_homepage boolean, highlight_color varchar(7));
insert into reviews (rating, show_on_homepage, highlight_color) values (5, true, '#fff'), (4, false, '');
