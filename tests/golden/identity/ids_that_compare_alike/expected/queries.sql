select string_agg(format('%s %s %s', c.table_name, c.column_name, c.udt_name), '; ' order by c.table_name, c.column_name) from information_schema.columns c where c.table_schema = 'nxtgauge' and (c.table_name, c.column_name) in (('approval_requests', 'decided_by'), ('audit_logs', 'actor_user_id'), ('kb_articles', 'category_id'), ('orders', 'coupon_id'), ('payment_transactions', 'payment_id'), ('support_ticket_messages', 'ticket_id'), ('tracecoin_ledger', 'wallet_id'), ('user_role_profiles', 'role_id'), ('user_role_profiles', 'user_id'), ('verification_requests', 'reviewed_by'));
select string_agg(format('%s %s', t.job_id, j.title), ',') from nxtgauge.job_applications t join nxtgauge.jobs j on j.id = t.job_id;
select count(*) from nxtgauge.tracecoin_ledger t join nxtgauge.tracecoin_wallets w on w.id = t.wallet_id;
select count(*) from nxtgauge.support_ticket_messages m join nxtgauge.support_tickets t on t.id = m.ticket_id;
select count(*) from nxtgauge.kb_articles a join nxtgauge.kb_sections s on s.id = a.section_id and s.category_id = a.category_id;
select string_agg(format('%s %s', r.user_id, r.role_id), ',' order by r.user_id) from nxtgauge.user_roles r;
select pg_get_constraintdef(oid) from pg_constraint where conname = 'orders_coupon_id_fkey';
select count(*) from pg_constraint where conname = 'payment_transactions_payment_id_fkey';
select string_agg(user_id::text || ' ' || preferences, ',' order by user_id) from nxtgauge.user_settings;
