-- unmapped_tables = "fail": the plan refuses and names the table.
create table users (id uuid primary key);
create table referral_codes (code text primary key);
