-- A payment of which no order was made is noted, with the reason: no user or no amount, a status or a currency that is
-- none, amounts that two decimals cannot hold, a user that is not there.
-- table: orders
-- source
select o.key, 'orders' as target_table, o.hindrance as note from ordered o where o.hindrance is not null
-- target
select n.legacy_key as key, n.target_table,
    case when n.note like 'not_made: %' then 'not_made: ' || split_part(n.note, ': ', 2) else n.note end as note
from notes n left join rejects x on x.legacy_table = n.legacy_table and x.legacy_key = n.legacy_key
where n.legacy_table = 'payments' and x.legacy_key is null
    and (n.note like 'order\_not\_made%' or n.note like 'not\_made%')
