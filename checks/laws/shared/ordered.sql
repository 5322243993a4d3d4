-- What each payment that stays is ordered for: total, tax, discount and subtotal, its coupon and its package where
-- these are there; or, as `hindrance`, why no order can be made of it. numeric(14,2) holds what two decimals tell
-- exactly, below 10^12.
with amounts as (
    select p.tid, p.key, p.id, p.user_id, p.currency, p.gateway, p.gateway_reference, p.created_at, p.updated_at,
        p.order_meaning, p.package_id, x.coupon_id, p.amount::numeric as total, coalesce(x.tax, 0) as tax,
        coalesce(x.discount, 0) as discount
    from payments p
    left join payment_part x on x.payment_id = p.id
    where p.rejected is null
)
select a.key, a.id, a.user_id, a.order_meaning as status, a.currency, a.gateway, a.gateway_reference, a.created_at,
    a.updated_at, c.id as coupon_id, g.id as package_id, round(a.total, 2)::text as total, round(a.tax, 2)::text as tax,
    round(a.discount, 2)::text as discount, round(a.total - a.tax + a.discount, 2)::text as subtotal,
    case
        when a.user_id is null then 'order_not_made: no user'
        when a.total is null then 'order_not_made: no amount'
        when a.order_meaning is null then 'order_not_made: unknown status'
        when a.total <> round(a.total, 2) or abs(a.total) >= 1e12
            then 'order_not_made: amount does not fit numeric(14,2)'
        when a.currency !~ '^[A-Za-z]{3}$' then 'order_not_made: currency is not three letters'
        when a.tax <> round(a.tax, 2) or abs(a.tax) >= 1e12 then 'order_not_made: tax does not fit numeric(14,2)'
        when a.discount <> round(a.discount, 2) or abs(a.discount) >= 1e12
            then 'order_not_made: discount does not fit numeric(14,2)'
        when abs(a.total - a.tax + a.discount) >= 1e12 then 'order_not_made: subtotal does not fit numeric(14,2)'
        when u.id is null then 'not_made: orders_user_id_fkey'
        when u.rejected is not null then 'not_made: parent_rejected'
    end as hindrance
from amounts a
left join users u on u.id = a.user_id
left join coupons c on c.id = a.coupon_id and c.rejected is null
left join pricing_packages g on g.id = a.package_id and g.rejected is null
