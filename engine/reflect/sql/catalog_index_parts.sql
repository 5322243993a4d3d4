-- The parts of every index of the schema's tables, whether a constraint owns it or not. An element's collation, operator
-- class and order stand there only where they are not what the element has by itself.
select i.indexrelid as index_oid,
       am.amname as method,
       (
           select coalesce(jsonb_agg(jsonb_build_object(
               'expression', pg_get_indexdef(i.indexrelid, p.place, false),
               'column', a.attname,
               'collation', case
                   when e.collation_ <> coalesce(a.attcollation, 0) then e.collation_::regcollation::text
               end,
               'operator_class', case
                   when not oc.opcdefault or key.attoptions is not null then
                       case when pg_opclass_is_visible(oc.oid) then quote_ident(oc.opcname)
                            else format('%I.%I', ocn.nspname, oc.opcname) end
                       || coalesce(' (' || (
                           select string_agg(format('%I=%L', split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)), ', ')
                           from unnest(key.attoptions) as o
                       ) || ')', '')
               end,
               'order', nullif(concat_ws(
                   ' ',
                   case when e.option & 1 = 1 then 'DESC' end,
                   case when e.option = 1 then 'NULLS LAST' when e.option = 2 then 'NULLS FIRST' end
               ), ''),
               'operator', case
                   when op.oid is null or pg_operator_is_visible(op.oid) then op.oprname
                   else format('OPERATOR(%I.%s)', opn.nspname, op.oprname)
               end
           ) order by p.place), '[]')
           from unnest(i.indkey::smallint[], i.indclass::oid[], i.indcollation::oid[], i.indoption::smallint[])
               with ordinality as e (attnum, class, collation_, option, number)
           cross join lateral (select e.number::integer as place) as p
           join pg_opclass oc on oc.oid = e.class
           join pg_namespace ocn on ocn.oid = oc.opcnamespace
           join pg_attribute key on key.attrelid = i.indexrelid and key.attnum = p.place
           left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = e.attnum and e.attnum <> 0
           left join pg_constraint con on con.conindid = i.indexrelid and con.contype in ('p', 'u', 'x')
           left join pg_operator op on op.oid = con.conexclop[p.place]
           left join pg_namespace opn on opn.oid = op.oprnamespace
           where e.number <= i.indnkeyatts
       ) as elements,
       array(
           select a.attname::text
           from unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
           join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
           where k.place > i.indnkeyatts
           order by k.place
       ) as include,
       pg_get_expr(i.indpred, i.indrelid) as predicate,
       (
           select string_agg(format('%I=%L', split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)), ', ')
           from unnest(x.reloptions) as o
       ) as storage,
       coalesce(boolin(textout(to_jsonb(i) ->> 'indnullsnotdistinct')), false) as nulls_not_distinct
from pg_index i
join pg_class x on x.oid = i.indexrelid
join pg_am am on am.oid = x.relam
join pg_class c on c.oid = i.indrelid
where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
    and c.relkind in ('r', 'p', 'f')
    and i.indisvalid;
