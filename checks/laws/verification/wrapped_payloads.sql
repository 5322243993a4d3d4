-- A payload that is no JSON stands under legacy_payload in an object, and a note says so: no submission is lost for it.
-- table: verification_requests
-- source
with given as (
    select 'onboarding_submissions ' || s.key as key, s.payload_note from onboarding_submissions s
    where s.rejected is null
    union all
    select 'verifications ' || v.key, v.payload_note from verifications v where v.rejected is null
    union all
    select 'onboarding_states ' || d.key, d.payload_note from draft d where d.rejected is null
)
select g.key, g.payload_note as note, 'verification_requests' as target_table, 'payload' as target_column
from given g where g.payload_note is not null
-- target
select n.legacy_table || ' ' || n.legacy_key as key, n.note, n.target_table, n.target_column
from notes n where n.note = 'payload_no_json'
