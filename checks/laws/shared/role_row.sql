-- The row of roles that each role key means: a name spelled as the key goes before a synonym, then the first by name.
select distinct on (r.role_key) r.role_key, r.id
from roles r where r.role_key is not null
order by r.role_key, regexp_replace(lower(r.name collate "C"), '[^a-z0-9]', '', 'g') <> replace(r.role_key, '_', ''),
    r.name collate "C", r.id collate "C"
