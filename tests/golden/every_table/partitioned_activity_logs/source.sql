-- A reshaped table may be partitioned too; its copy in the archive is whole.
create table users (id uuid primary key);
create table activity_logs (id bigint, action text, created_at timestamptz not null, primary key (id,
    created_at)) partition by range (created_at);
create table activity_logs_old partition of activity_logs for values from ('2023-01-01+00') to ('2024-01-01+00');
create table activity_logs_new partition of activity_logs for values from ('2024-01-01+00') to ('2025-01-01+00');
insert into activity_logs values (1, 'a', '2023-05-05+00'), (2, 'b', '2024-05-05+00');
