-- Statuses are matched case-, space- and punctuation-insensitively; NULL and blank are DRAFT.
create table users (id uuid primary key);
create table tutor_profiles (id uuid primary key, user_id uuid references users (id), status text);
insert into users select ('00000000-0000-0000-0000-0000000a00' || to_char(n, 'FM00'))::uuid from generate_series(1,
    38) n;
insert into tutor_profiles
select ('00000000-0000-0000-0000-0000000b00' || to_char(n, 'FM00'))::uuid,
    ('00000000-0000-0000-0000-0000000a00' || to_char(n, 'FM00'))::uuid, spelling
from unnest(array[
  null, '', '   ', 'draft', 'Draft',
  'submitted', 'PENDING', 'new',
  'under_review', 'In Review', 'in-review', 'processing', 'IN_REVIEW', 'Under Review',
  'approved', 'Accepted', 'completed', 'VERIFIED', 'active',
  'rejected', 'declined', 'Failed',
  'changes_requested', 'Changes Requested', 'resubmit', 'needs_info', 'needs-info', 'NeedsInfo',
  'cancelled', 'canceled', 'withdrawn',
  'expired', 'EXPIRED',
  'suspended', 'blocked', 'Inactive', 'in_active', ' approved. ']) with ordinality as s (spelling, n);
