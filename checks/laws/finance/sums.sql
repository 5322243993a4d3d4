-- The amounts of all orders, added up by currency, are those of the payments, invoices and coupon uses that make them.
-- The key is the currency.
-- table: orders
-- source
select case when o.currency is null then 'none' else upper(o.currency) end as key, count(*)::text as orders,
    sum(o.total::numeric)::text as total, sum(o.tax::numeric)::text as tax_amount,
    sum(o.discount::numeric)::text as discount_amount, sum(o.subtotal::numeric)::text as subtotal
from ordered o where o.hindrance is null
group by 1
-- target
select case when o.currency is null then 'none' else upper(o.currency) end as key, count(*)::text as orders,
    sum(o.total)::text as total, sum(o.tax_amount)::text as tax_amount,
    sum(o.discount_amount)::text as discount_amount, sum(o.subtotal)::text as subtotal
from orders o
group by 1
