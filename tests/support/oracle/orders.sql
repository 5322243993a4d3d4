-- One order per payment that can make one; total = subtotal - discount + tax.
select 'derived:orders:payments:' || id as id, user_id, status, round(amount - tax_amount + discount_amount, 2) as
    subtotal,
    round(discount_amount, 2) as discount_amount, round(tax_amount, 2) as tax_amount, round(amount, 2) as total,
        coupon_id,
    created_at as placed_at
from ordered;
-- target
select id, user_id, status, subtotal, discount_amount, tax_amount, total, coupon_id, placed_at from orders
where id not in (
    select t.order_id from payment_transactions t join payments p on p.id = t.payment_id where p.currency is null);
