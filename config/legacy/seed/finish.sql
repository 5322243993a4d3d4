-- Sequences go on after what was loaded, some further on; what the seed drew with goes.

do $do$
declare
    key record;
begin
    for key in
        select c.oid::regclass as relation, a.attname as name
        from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = quote_ident(current_schema())::regnamespace and c.relkind = 'r' and a.attnum > 0
            and not a.attisdropped
            and pg_get_serial_sequence(quote_ident(current_schema()) || '.' || quote_ident(c.relname),
                a.attname) is not null
    loop
        execute format('select setval(pg_get_serial_sequence(%L, %L), max(%I) + 25) from %s',
            key.relation, key.name, key.name, key.relation);
    end loop;
end $do$;

select setval('invoice_number_seq', 100001 + (select invoices from seed_size)),
    setval('ticket_number_seq', 1000 + 10 * (select support_tickets from seed_size));

drop view seed_common, seed_owner;
drop function seed_uuid, seed_hash, seed_pick, seed_chance, seed_time, seed_later, seed_price, seed_user, seed_person,
    seed_place, seed_sentence, seed_tags, seed_naughty, seed_ticket_id, seed_rows;
