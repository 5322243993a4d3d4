-- Every order has one item, of the payment's package, once, at the order's subtotal. The key is the payment's.
-- table: order_items
-- source
select o.id as key, o.package_id as pricing_package_id, null as description, '1' as quantity,
    o.subtotal as unit_price, o.subtotal as line_total, o.created_at, o.updated_at
from ordered o where o.hindrance is null
-- target
select coalesce(t.payment_id::text, i.id::text) as key, i.pricing_package_id::text, i.description, i.quantity::text,
    i.unit_price::text, i.line_total::text, i.created_at::text, i.updated_at::text
from order_items i left join payment_transactions t on t.order_id = i.order_id
