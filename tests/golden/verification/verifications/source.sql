-- A verification becomes a verification_request of its type; verified_by and verified_at are its review. No approval
-- is made.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1');
create table verifications (id uuid primary key, user_id text not null, verification_type text, status text,
    verified_by uuid, verified_at timestamptz, reference_no text);
insert into verifications values
  ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a1', 'pan_card', 'Verified',
      '00000000-0000-0000-0000-0000000000e1', '2024-04-04+00', 'R1'), ('00000000-0000-0000-0000-0000000000c2',
      '00000000-0000-0000-0000-0000000000A1', 'bank', 'submitted', null, null, null),
  ('00000000-0000-0000-0000-0000000000c3', '00000000-0000-0000-0000-0000000000a1', 'bank', 'odd', null, null, null),
      ('00000000-0000-0000-0000-0000000000c4', 'nobody', 'bank', 'pending', null, null, null);
