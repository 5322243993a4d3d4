-- The ids of orders, of their items and transactions derive from the payment's id, those of gateways from their names.
-- The key is the table and the row's id.
-- table: orders
-- derived
select concat('orders ', o.id) as key, concat(o.id) as id, concat('orders:payments:', t.payment_id) as name
from orders o left join payment_transactions t on t.order_id = o.id
union all
select concat('order_items ', i.id), concat(i.id), concat('order_items:payments:', t.payment_id)
from order_items i left join payment_transactions t on t.order_id = i.order_id
union all
select concat('payment_transactions ', t.id), concat(t.id), concat('payment_transactions:payments:', t.payment_id)
from payment_transactions t
union all
select concat('payment_gateway_configs ', g.id), concat(g.id), 'payment_gateway_configs:' || g.gateway
from payment_gateway_configs g
