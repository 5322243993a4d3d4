-- One section General per category, articles join it; no category: section null, noted. An absent category is nulled.
create table users (id uuid primary key);
create table kb_categories (id uuid primary key, name text);
insert into kb_categories values ('00000000-0000-0000-0000-000000000011', 'Billing'),
    ('00000000-0000-0000-0000-000000000012', 'Empty');
create table kb_articles (id uuid primary key, category_id uuid, title text not null, views int, unique (category_id,
    title));
insert into kb_articles values ('00000000-0000-0000-0000-000000000021', '00000000-0000-0000-0000-000000000011', 'Pay',
    3), ('00000000-0000-0000-0000-000000000022', null, 'Loose', null), ('00000000-0000-0000-0000-000000000023',
    '00000000-0000-0000-0000-000000000019', 'Lost', 1), ('00000000-0000-0000-0000-000000000024',
    '00000000-0000-0000-0000-000000000011', 'Pay more', 0);
