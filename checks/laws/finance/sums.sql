-- The amounts of all orders, added up by currency, are those of the payments, invoices and coupon uses that make them.
-- The key is the currency.
-- table: orders
-- source
select case when o.currency is null then 'none' else upper(o.currency) end as key, concat(count(*)) as orders,
    sum(o.total) as total, sum(o.tax) as tax_amount, sum(o.discount) as discount_amount, sum(o.subtotal) as subtotal
from ordered o where o.hindrance is null
group by 1
-- target
select case when o.currency is null then 'none' else upper(o.currency) end as key, concat(count(*)) as orders,
    sum(o.total) as total, sum(o.tax_amount) as tax_amount, sum(o.discount_amount) as discount_amount,
    sum(o.subtotal) as subtotal
from orders o
group by 1
