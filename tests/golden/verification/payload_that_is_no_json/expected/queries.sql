select payload->>'legacy_payload' from verification_requests where user_id::text like '%a2' and payload ? 'legacy_payload';
select payload->>'state' from verification_requests where role = 'customer';
select metadata::text from audit_logs where metadata->>'legacy_metadata' <> '';
