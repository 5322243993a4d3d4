-- onboarding_configs is kept in the archive under its own name and leaves the product; a key to it is dropped.
create table users (id uuid primary key);
create table onboarding_configs (id int primary key, role text, steps jsonb, "Order" smallint);
insert into onboarding_configs values (1, 'tutor', '["a", "b"]', 2), (2, null, null, null);
create table config_notes (id int primary key, config_id int references onboarding_configs (id));
insert into config_notes values (1, 2), (2, null);
