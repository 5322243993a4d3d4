-- What each payment that stays is ordered for: total, tax, discount and subtotal, its coupon and its package; or, as
-- `hindrance`, why no order can be made of it. numeric(14,2) holds what two decimals tell exactly, below 10^12. Of
-- payments with the same id, where nothing forbids these, the last updated makes the order.
with amounts as (
    select p.tid, p.key, p.id, p.user_id, p.currency, p.gateway, p.gateway_reference, p.created_at, p.updated_at,
        p.order_meaning, p.package_id, p.nulled, x.coupon_id,
        numeric_in(textout(p.amount), 0, -1) as total, coalesce(x.tax, 0) as tax, coalesce(x.discount, 0) as discount
    from payments p
    left join payment_part x on x.payment_id = p.id
    where p.rejected is null
), hindered as (
    select a.*,
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
            when a.id is null then 'not_made: orders_id_not_null'
            when u.id is null then 'not_made: orders_user_id_fkey'
            when not u.stays then 'not_made: parent_rejected'
        end as hindrance
    from amounts a left join (select id, bool_or(rejected is null) as stays from users group by id) as u
        on u.id = a.user_id
)
select h.key, h.id, h.user_id, h.order_meaning as status, h.currency, h.gateway, h.gateway_reference, h.created_at,
    h.updated_at,
    case when 'orders.coupon_id' = any (h.nulled) then null else h.coupon_id end as coupon_id,
    case when 'order_items.pricing_package_id' = any (h.nulled) then null else h.package_id end as package_id,
    round(h.total, 2) as total, round(h.tax, 2) as tax, round(h.discount, 2) as discount,
    round(h.total - h.tax + h.discount, 2) as subtotal,
    case
        when h.hindrance is null and row_number() over (
            partition by h.id, h.hindrance order by timestamptz_in(textout(h.updated_at), 0, -1) desc, h.tid) > 1
        then 'not_made: orders_pkey' else h.hindrance
    end as hindrance
from hindered h
