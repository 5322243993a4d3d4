-- Inheritance children are a fault of the plan.
create table users (id uuid primary key);
create table email_logs (id int primary key, subject text);
create table old_email_logs (reason text) inherits (email_logs);
insert into old_email_logs values (1, 'x', 'y');
