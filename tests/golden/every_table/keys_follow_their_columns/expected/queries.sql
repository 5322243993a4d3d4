select string_agg(format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)), '; ' order by conrelid::regclass::text, conname) from pg_constraint where contype in ('f', 'u', 'c') and connamespace = 'nxtgauge'::regnamespace and (conrelid::regclass::text ~ 'x_' or conname ~ '^[uc]_' or conrelid::regclass::text ~ 'jobs$');
select string_agg(indexdef, '; ' order by indexname) from pg_indexes where schemaname = 'nxtgauge' and indexname ~ '^i_';
select string_agg(format('%s %s %s', company_slug, region, title), ',' order by id) from nxtgauge.jobs;
select string_agg(to_jsonb(u) ->> 'note', ',' order by u.id) from nxtgauge.x_slot_uses u left join nxtgauge.x_slots s using (professional_id, n) where s.n is not null or u.professional_id is null;
select string_agg(format('%s %s %s %s %s', r.id, r.code, r.pid = p.id, r.lid is null, r.owner), ',' order by r.id) from nxtgauge.x_refs r join nxtgauge.user_role_profiles p on p.code = r.code;
select string_agg(format('%s %s %s', p.id, p.pid is null, p.code), ',' order by p.id) from nxtgauge.x_pairs p;
select string_agg(format('%s %s %s %s', legacy_table, legacy_key, target_column, legacy_value), ', ' order by legacy_table, legacy_key) from migration.notes;
