-- Every order has as many redeemed coupons as its payment has coupon uses. The key is the payment's.
-- table: coupon_redemptions
-- needs: coupon_uses
-- source
select o.id as key, count(*) as redemptions
from coupon_uses c join ordered o on o.id = c.payment_id and o.hindrance is null
where c.rejected is null
group by o.id
-- target
select case when t.payment_id is null then concat(c.order_id) else concat(t.payment_id) end as key,
    count(*) as redemptions
from coupon_redemptions c left join payment_transactions t on t.order_id = c.order_id
where c.order_id is not null
group by 1
