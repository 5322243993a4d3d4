-- Tables whose constraints get in the way of a build that changes, and what happens to them.
create table regions(code text not null unique, name text, goes int, comes int);
insert into regions values ('n','N'),('s','S');
create table shops(id int primary key, region text references regions(code) on delete set null);
insert into shops select i, case when i%2=0 then 'n' else 's' end from generate_series(1,6) i;
create table countries(id int primary key, code text not null unique);
insert into countries values (1,'a'),(2,'b'),(3,'q');
create table acities(id int primary key, c text references countries(code) on update cascade);
insert into acities values (1,'a'),(2,'b'),(3,'a');
create table sf(id int primary key, code text unique, up text references sf(code) on update cascade);
insert into sf values (1,'A',null),(2,'B',null),(3,'C','A');
create table idn(id uuid primary key default gen_random_uuid(), n bigint generated always as identity, t text);
insert into idn(t) values ('a'),('b');
create table defpk(id int primary key deferrable, t text);
insert into defpk values (1,'a'),(2,'b');
create table nv(id int primary key, v int);
insert into nv values (1,-1),(2,5);
alter table nv add constraint nv_pos check (v>0) not valid;
create table nums(k numeric primary key, t text);
insert into nums values (1.0,'a'),(2.0,'b');
create table spelled(a text, n numeric, c text, primary key (a, n, c));
insert into spelled select 'a', i, 'c' from generate_series(1,600) i;
insert into spelled values ('b',1.0,'2,c'),('b,1.00',2,'c');
create table aa(id int primary key, b int);
create table bb(id int primary key, a int references aa(id) on delete cascade);
insert into aa values (1,1),(2,2),(3,3);
insert into bb values (1,1),(2,2),(3,3);
alter table aa add foreign key (b) references bb(id) on delete cascade;
create table onboarding_submissions(id uuid primary key, user_id uuid not null, role_key text, status text);
create table verifications(id uuid primary key, user_id uuid not null, type text, status text, updated_at timestamp);
insert into onboarding_submissions select md5('sub'||i)::uuid, md5('user'||i)::uuid, 'developer', 'approved' from generate_series(1,3) i;
insert into verifications select md5('sub'||i)::uuid, md5('user'||i)::uuid, 'identity', 'approved' from generate_series(1,3) i;
create table claims(id int primary key, verification_id uuid references verifications);
insert into claims select i, md5('sub'||i)::uuid from generate_series(1,3) i;

-- payments that are rejected, one of which has a status that no order has; and what an order is made of besides
insert into payments select md5('of nobody' || n)::uuid, md5('nobody')::uuid, 1, 'INR',
       case n when 1 then 'odd' else 'paid' end, 'stripe', timestamptz '2024-03-02' from generate_series(1, 2) n;
create table invoices(id uuid primary key, payment_id uuid, amount numeric, created_at timestamptz not null);
insert into invoices select md5('invoice' || n)::uuid, md5('payment' || n)::uuid, n, timestamptz '2024-03-03'
from generate_series(1, 5) n;
