-- Functions, operators, types and casts that fit better than PostgreSQL's own wherever they are found. Runs in a schema
-- of either side; whatever is called ends the statement that called it. The casts want a superuser.
create function public.tell(what text) returns text language plpgsql as $$
begin
    raise exception 'called: %', what;
end
$$;
do $do$
declare
    one text;
begin
    foreach one in array array[
        'concat(text)', 'concat(uuid)', 'concat(varchar)', 'concat(integer)', 'concat(json)', 'concat(jsonb)',
        'concat(timestamptz)', 'concat(numeric)', 'concat(record)', 'concat_ws(text, varchar)', 'format(text, varchar)',
        'format(text, text)', 'format(text, uuid)', 'format(text, name, name)', 'lower(varchar)', 'upper(varchar)',
        'length(varchar)', 'char_length(varchar)', 'btrim(varchar)', 'rtrim(varchar, text)', 'left(name, integer)',
        'md5(varchar)', 'sha256(text)', 'convert_to(varchar, name)', 'encode(text, text)', 'to_jsonb(varchar)',
        'to_jsonb(text)', 'to_jsonb(uuid)', 'to_json(text)', 'row_to_json(record)', 'jsonb_build_array(text)',
        'jsonb_build_array(uuid, text)', 'jsonb_build_array(integer, integer)', 'jsonb_build_object(text, text)',
        'json_build_object(text, text)', 'jsonb_strip_nulls(text)', 'jsonb_typeof(text)', 'unnest(text[])',
        'split_part(varchar, text, integer)', 'regexp_replace(varchar, text, text)', 'num_nonnulls(text)',
        'num_nonnulls(uuid)', 'cardinality(text[])', 'array_length(text[], integer)', 'isfinite(timestamptz, text)',
        'round(integer, integer)', 'abs(smallint, text)', 'trim_scale(integer)', 'hashtextextended(varchar, integer)',
        'hashtextextended(varchar, bigint)', 'textin(text)', 'uuid_in(text)', 'textout(varchar)', 'numeric_in(text)',
        'pg_get_expr(pg_node_tree, regclass)', 'pg_get_constraintdef(regclass)', 'quote_ident(name)',
        'quote_ident(varchar)', 'format_type(regtype, integer)', 'set_config(name, text, boolean)',
        'current_setting(name)', 'obj_description(oid, name)', 'coalesce_text(text)', 'date_part(text, date)',
        'pg_relation_size(oid)', 'to_regclass(name)', 'has_table_privilege(name, text)',
        'string_to_array(varchar, text)', 'starts_with(varchar, text)'
    ] loop
        execute pg_catalog.format('create function %s returns text language plpgsql as $$ begin return public.tell(%L); end $$', one, one);
    end loop;
    foreach one in array array['varchar, varchar', 'uuid, text', 'text, uuid', 'integer, text', 'name, varchar'] loop
        execute pg_catalog.format('create function differs(%s) returns boolean language sql as $$ select public.tell(%L) = '''' $$', one, one);
        execute pg_catalog.format('create operator = (function = differs, leftarg = %s, rightarg = %s)', pg_catalog.split_part(one, ', ', 1),
                       pg_catalog.split_part(one, ', ', 2));
        execute pg_catalog.format('create operator <> (function = differs, leftarg = %s, rightarg = %s)', pg_catalog.split_part(one, ', ', 1),
                       pg_catalog.split_part(one, ', ', 2));
        execute pg_catalog.format('create operator ~ (function = differs, leftarg = %s, rightarg = %s)', pg_catalog.split_part(one, ', ', 1),
                       pg_catalog.split_part(one, ', ', 2));
        execute pg_catalog.format('create operator || (function = differs, leftarg = %s, rightarg = %s)', pg_catalog.split_part(one, ', ', 1),
                       pg_catalog.split_part(one, ', ', 2));
    end loop;
    foreach one in array array[
        'integer', 'bigint', 'numeric', 'uuid', 'timestamptz', 'timestamp', 'date', 'jsonb', 'json', 'bytea',
        'double precision', 'uuid[]', 'interval'
    ] loop
        execute pg_catalog.format('create function to_text(%s) returns text language plpgsql as $$ begin return public.tell(%L); end $$', one, one);
        execute pg_catalog.format('create cast (%s as text) with function to_text(%s)', one, one);
    end loop;
    foreach one in array array['integer', 'bigint', 'numeric', 'uuid', 'timestamptz', 'jsonb', 'boolean', 'date'] loop
        execute pg_catalog.format('create function read_%s(text) returns %s language plpgsql as $$ begin perform public.tell(%L); return null; end $$',
                       one, one, one || ' of text');
        execute pg_catalog.format('create cast (text as %s) with function read_%s(text)', one, one);
    end loop;
end
$do$;
create function counted(pg_catalog.int8, varchar) returns pg_catalog.int8 language plpgsql as $$ begin return length(public.tell('count')); end $$;
create aggregate count(varchar) (sfunc = counted, stype = pg_catalog.int8);
create domain text as pg_catalog.int4;
create domain "numeric" as pg_catalog.text;
create table "uuid" (id pg_catalog.int4);
create type timestamptz as enum ('now');
