select payload ->> 'step' from verification_requests where role = 'developer';
select (id <> '00000000-0000-0000-0000-0000000000d2')::text from verification_requests where role = 'developer';
select count(*)::text from approval_requests;
