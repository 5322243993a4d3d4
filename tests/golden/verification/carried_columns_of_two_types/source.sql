-- Two sources carry one name with different types: the second gets the suffix _<legacy table>; equal types share one
-- column.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table onboarding_submissions (id uuid primary key, user_id uuid, status text, role text, priority int,
    source text);
insert into onboarding_submissions values ('00000000-0000-0000-0000-0000000000c1',
    '00000000-0000-0000-0000-0000000000a1', 'draft', 'tutor', 3, 'web');
create table verifications (id uuid primary key, user_id uuid, type text, status text, priority text, source text);
insert into verifications values ('00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-0000000000a1',
    'kyc', 'pending', 'high', 'app');
