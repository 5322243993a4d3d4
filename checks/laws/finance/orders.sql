-- Every payment that stays is one order: its total the payment's amount, its tax that of the payment's invoices, its
-- discount that of the coupon uses, and the subtotal what is left. The key is the payment's.
-- table: orders
-- source
select o.id as key, o.user_id, o.status, o.currency, o.subtotal, o.discount as discount_amount, o.tax as tax_amount,
    o.total, o.coupon_id, o.created_at as placed_at, o.created_at, o.updated_at
from ordered o where o.hindrance is null
-- target
select case when t.payment_id is null then concat(o.id) else concat(t.payment_id) end as key, o.user_id, o.status,
    o.currency, o.subtotal, o.discount_amount, o.tax_amount, o.total, o.coupon_id, o.placed_at, o.created_at,
    o.updated_at
from orders o left join payment_transactions t on t.order_id = o.id
