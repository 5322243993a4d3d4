-- Every order has one item, of the payment's package, once, at the order's subtotal. The key is the payment's.
-- table: order_items
-- source
select o.id as key, o.package_id as pricing_package_id, null as description, '1' as quantity,
    o.subtotal as unit_price, o.subtotal as line_total, o.created_at, o.updated_at
from ordered o where o.hindrance is null
-- target
select case when t.payment_id is null then concat(i.id) else concat(t.payment_id) end as key, i.pricing_package_id,
    i.description, i.quantity, i.unit_price, i.line_total, i.created_at, i.updated_at
from order_items i left join payment_transactions t on t.order_id = i.order_id
