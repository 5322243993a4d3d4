-- Each submission is one verification_request; each that reached review is also one approval_request.
create table users (id uuid primary key);
insert into users values ('00000000-0000-0000-0000-0000000000a1'), ('00000000-0000-0000-0000-0000000000a2');
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into tutor_profiles values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1',
    'active'), ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a2', 'active');
create table onboarding_submissions (id uuid primary key, user_id uuid not null references users (id),
    status text not null, role text, form_data jsonb,
  submitted_at timestamptz, reviewed_by uuid, reviewed_at timestamptz, rejection_reason text, created_at timestamptz,
      updated_at timestamptz);
insert into onboarding_submissions values
  ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a1', 'approved', 'Tutor',
      '{"a": 1.10, "big": 12345678901234567890}', '2024-01-01+00', '00000000-0000-0000-0000-0000000000e1',
      '2024-01-02+00', null, '2024-01-01+00', '2024-01-02+00'),
  ('00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-0000000000a1', 'draft', 'tutor', null, null, null,
      null, null, '2024-02-01+00', '2024-02-02+00'),
  ('00000000-0000-0000-0000-0000000000c3', '00000000-0000-0000-0000-0000000000a1', 'Cancelled', 'tutor', '[]', null,
      null, null, null, '2024-02-01+00', null),
  ('00000000-0000-0000-0000-0000000000c4', '00000000-0000-0000-0000-0000000000a2', 'Under Review', 'TUTOR', '{}',
      '2024-03-01+00', null, null, null, '2024-03-01+00', '2024-03-01+00'),
  ('00000000-0000-0000-0000-0000000000c5', '00000000-0000-0000-0000-0000000000a2', 'declined', 'tutor', '{"x": null}',
      '2024-03-01+00', '00000000-0000-0000-0000-0000000000e2', '2024-03-05+00', 'blurred', '2024-03-01+00',
      '2024-03-05+00'),
  ('00000000-0000-0000-0000-0000000000c6', '00000000-0000-0000-0000-0000000000a2', 'resubmit', 'tutor', '{}', null,
      null, null, null, '2024-03-01+00', '2024-03-05+00');
