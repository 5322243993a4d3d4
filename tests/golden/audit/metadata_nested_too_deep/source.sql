-- Text that is nested deeper than PostgreSQL reads JSON is rejected alone, and ends neither the run nor its verification.
create table users (id uuid primary key);
create table activity_logs (id int primary key, action text, metadata text, created_at timestamptz);
insert into activity_logs values (1, 'a', repeat('[', 200000), '2024-01-01+00'), (2, 'b', '{"a": 1}', '2024-01-01+00');
