-- The ids of orders, of their items and transactions derive from the payment's id, those of gateways from their names.
-- The key is the table and the row's id.
-- table: orders
-- derived
select 'orders ' || o.id as key, o.id::text as id, 'orders:payments:' || t.payment_id as name
from orders o left join payment_transactions t on t.order_id = o.id
union all
select 'order_items ' || i.id, i.id::text, 'order_items:payments:' || t.payment_id
from order_items i left join payment_transactions t on t.order_id = i.order_id
union all
select 'payment_transactions ' || t.id, t.id::text, 'payment_transactions:payments:' || t.payment_id
from payment_transactions t
union all
select 'payment_gateway_configs ' || g.id, g.id::text, 'payment_gateway_configs:' || g.gateway
from payment_gateway_configs g
