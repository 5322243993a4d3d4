-- A redeemed coupon names the order of the payment that its use names, if that made one; told by that payment's id.
-- table: coupon_redemptions
-- needs: coupon_uses.id
-- source
select c.id as key, o.id as payment_of_order
from coupon_uses c left join ordered o on o.id = c.payment_id and o.hindrance is null
where c.rejected is null
-- target
select concat(c.id) as key,
    case
        when t.payment_id is not null then concat(t.payment_id)
        when c.order_id is not null then concat(c.order_id)
    end as payment_of_order
from coupon_redemptions c left join payment_transactions t on t.order_id = c.order_id
