-- Foreign keys, constraints and indexes follow their columns: a key to a slug stays with the slug, a composite one by the
-- member that names an id; what reads a column that is moved or renamed says the same of the new one.
create table users(id text primary key, email text unique);
insert into users select 'u' || i, 'e' || i from generate_series(1,3) i;
create table company_profiles(id bigint primary key, user_id text, slug text constraint u_slug unique, region text, status text, constraint u_region unique (id, region));
insert into company_profiles select i, 'u' || i, 'co-'||i, 'r' || i, 'active' from generate_series(1,3) i;
create table tutor_profiles(id bigint primary key, user_id text unique, status text, headline text);
insert into tutor_profiles values (1, 'u1', 'active', 'h');
create table professionals(id bigint primary key, user_id text, profession text, code text constraint u_code unique, constraint u_pid unique (id, code));
insert into professionals values (1, 'u1', 'tutor', 'c1'), (2, 'u2', 'developer', 'c2');
create table jobs(id bigint primary key, company_slug text references company_profiles(slug), company_id bigint, region text, title text,
  constraint fk_region foreign key (company_id, region) references company_profiles (id, region) match full);
insert into jobs select i, 'co-'||i, i, 'r' || i, 't' from generate_series(1,3) i;
create table services(id bigint primary key, professional_id bigint references professionals(id) on delete cascade, price numeric, title text collate "C",
  constraint u_service unique (professional_id, title), constraint c_service check (professional_id > 0 or price > 0), constraint c_price check (price > 0));
insert into services values (1, 1, 5, 'a'), (2, 2, 6, 'b');
create index i_price on services (professional_id, price desc nulls last) include (title);
create index i_title on services (professional_id, title text_pattern_ops) where price > 1;
create index i_expr on services (professional_id, lower(title));
create table activity_logs(id bigint, user_id text, action text, created_at timestamptz, primary key (id, created_at), constraint c_actor check (user_id is not null or action = 'system'));
insert into activity_logs values (1, 'u1', 'x', '2024-01-01+00'), (2, null, 'system', '2024-01-02+00');
create index i_log on activity_logs (user_id, created_at desc);
create index i_log2 on activity_logs (lower(user_id)) where user_id is not null;
create table submission_documents(id uuid primary key, submission_id bigint, type text, url text, status text, constraint c_url check (url <> '' and submission_id > 0 or url <> ''), constraint u_doc unique (submission_id, type));
create table onboarding_submissions(id bigint primary key, user_id text, status text, role text, reviewed_at timestamptz, submitted_at timestamptz, ref text, constraint u_ref unique (ref), constraint c_times check (reviewed_at >= submitted_at));
insert into onboarding_submissions values (5, 'u1', 'approved', 'tutor', now(), now() - interval '1 day', 'R5');
insert into submission_documents values (gen_random_uuid(), 5, 'id', 'http://x', 'approved');
create index i_sub on onboarding_submissions (user_id, status);
create table x_slots (professional_id bigint not null references professionals (id), n int not null, primary key (professional_id, n));
create table x_slot_uses (id int primary key, professional_id bigint, n int, note text, foreign key (professional_id, n) references x_slots (professional_id, n) deferrable initially deferred);
insert into x_slots values (1, 1), (2, 2);
insert into x_slot_uses values (1, 1, 1, 'keep'), (2, 2, 2, 'me'), (3, null, 2, 'null');
create table x_refs (id int primary key, code text references professionals (code), pid bigint, foreign key (pid, code) references professionals (id, code),
  lid bigint, lat timestamptz, foreign key (lid, lat) references activity_logs (id, created_at) on delete set null (lid), ref text references onboarding_submissions (ref), email text references users (email),
  owner text references tutor_profiles (user_id), uid text, tag text);
insert into x_refs values (1, 'c1', 1, 1, '2024-01-01+00', 'R5', 'e1', 'u1', 'u1', 't'), (2, 'c2', 2, null, null, null, null, null, null, null);
-- two professionals meet in one profile, which has one code: what names the other by both loses its pointer and stays
insert into professionals values (3, 'u3', 'tutor', 'c3'), (4, 'u3', 'tutor', 'c4');
insert into x_refs values (3, 'c4', 4, null, null, null, null, null, null, null), (4, null, 3, null, null, null, null, null, null, 't');
create table x_pairs (id int primary key, pid bigint, code text, foreign key (pid, code) references professionals (id, code));
insert into x_pairs values (1, 4, 'c4'), (2, 3, 'c3'), (3, 1, 'c1');
create table x_tree (uid text references users(id), id int, parent int, primary key (uid, id), foreign key (uid, parent) references x_tree (uid, id));
insert into x_tree values ('u1', 1, null), ('u1', 2, 1);
