-- One item per order, at the order's subtotal; an absent package is nulled.
select 'derived:order_items:payments:' || o.id as id, 'derived:orders:payments:' || o.id as order_id,
    p.id as pricing_package_id, 1 as quantity, round(o.amount - o.tax_amount + o.discount_amount, 2) as unit_price,
    round(o.amount - o.tax_amount + o.discount_amount, 2) as line_total
from ordered o left join pricing_packages p on p.id = o.package_id;
-- target
select id, order_id, pricing_package_id, quantity, unit_price, line_total from order_items
where order_id not in (
    select t.order_id from payment_transactions t join payments p on p.id = t.payment_id where p.currency is null);
