-- A reshaped table that lacks a required column is a fault of the plan.
create table users (id uuid primary key);
create table payments (id uuid primary key, user_id uuid, sum numeric);
