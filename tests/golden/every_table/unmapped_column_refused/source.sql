-- unmapped_columns = "fail": the plan refuses and names table and column.
create table users (id uuid primary key);
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text, shoe_size int);
