-- A partitioned table is read through its root, each row once; its partitions are no tables of their own.
create table users (id uuid primary key);
create table page_views (id int, seen_on date not null, path text) partition by range (seen_on);
create table page_views_2023 partition of page_views for values from ('2023-01-01') to ('2024-01-01');
create table page_views_2024 partition of page_views for values from ('2024-01-01') to ('2025-01-01') partition by
    list (path);
create table page_views_2024_home partition of page_views_2024 for values in ('/');
create table page_views_rest partition of page_views default;
insert into page_views values (1, '2023-05-05', '/'), (2, '2024-05-05', '/'), (3, '2030-01-01', null);
