-- unmapped_tables = "archive": the table is kept in legacy_archive and leaves the product; a key to it is dropped.
create table users (id uuid primary key);
create table referral_codes (code text primary key, uses numeric(6,3));
insert into referral_codes values ('ANN10', 1.500), ('', null);
create table email_logs (id int primary key, code text references referral_codes (code));
insert into email_logs values (1, 'ANN10');
