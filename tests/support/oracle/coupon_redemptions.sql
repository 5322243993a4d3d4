-- One redemption per use, with the order its payment made. What a payment of an absent user leaves behind is open.
select c.id, c.coupon_id, u.id as user_id,
    case when p.id is not null and not exists (select from users k where k.id = p.user_id) then '*' else p.id::text
        end
        as payment_id,
    c.discount_amount, c.used_at as redeemed_at,
    case when p.currency is null and p.id is not null then '*'
        when o.id is not null then 'derived:orders:payments:' || o.id end as order_id
from coupon_uses c left join users u on u.id = c.user_id left join payments p on p.id = c.payment_id
left join ordered o on o.id = p.id;
-- target
select id, coupon_id, user_id, payment_id, discount_amount, redeemed_at, order_id from coupon_redemptions;
