-- Puts a canary into personal values all over a seeded legacy database: into every free text and into documents, of one
-- row in seven. Left alone are keys, references, what rules read by value, and what a constraint or an index judges.
set session_replication_role = replica;
do $$
declare
    found record;
begin
    for found in
        select c.oid::regclass as place, quote_ident(a.attname) as name, t.typname as kind
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        join pg_type t on t.oid = a.atttypid
        where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
            and (t.typname in ('text', 'jsonb') or (t.typname = 'varchar' and a.atttypmod > 100))
            and a.attname !~ '(^id|_id|status|role|type|key|slug|code|currency|gateway|provider|profession|language|timezone|theme)$'
            and not exists (select from pg_constraint k where k.conrelid = c.oid and a.attnum = any (k.conkey))
            and not exists (select from pg_index i where i.indrelid = c.oid and a.attnum = any (i.indkey))
    loop
        if found.kind = 'jsonb' then
            execute format(
                $sql$ update %1$s set %2$s = %2$s || '{"note": "zq7canary-document"}'
                      where jsonb_typeof(%2$s) = 'object' and hashtext(ctid::text) %% 7 = 0 $sql$,
                found.place, found.name);
        else
            execute format(
                $sql$ update %1$s set %2$s = 'zq7canary-' || %3$L || ' canary@zq7canary.example'
                      where %2$s is not null and hashtext(ctid::text) %% 7 = 0 $sql$,
                found.place, found.name, found.name);
        end if;
    end loop;
    -- values that rules and types refuse
    update developer_profiles set status = 'zq7canary-status' where ctid = (select min(ctid) from developer_profiles);
    update activity_logs set ip_address = 'zq7canary-ip' where ctid = (select min(ctid) from activity_logs);
    update onboarding_submissions set role_key = 'zq7canary-role' where ctid = (select min(ctid) from onboarding_submissions);
    update payments set provider = 'zq7canary-gateway' where ctid = (select min(ctid) from payments);
end $$;
