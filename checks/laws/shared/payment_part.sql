-- What the invoices and coupon uses of each payment say: the tax, the discount, and the coupon of the earliest use.
select p.payment_id, coalesce(sum(p.tax), 0) as tax, coalesce(sum(p.discount), 0) as discount,
    (array_agg(p.coupon_id order by p.used_at, p.key) filter (where p.coupon_id is not null))[1] as coupon_id
from (
    select i.payment_id, numeric_in(textout(i.tax), 0, -1) as tax, null::numeric as discount, null as coupon_id,
        null::timestamptz as used_at, null as key
    from invoices i
    union all
    select c.payment_id, null, numeric_in(textout(c.discount), 0, -1), c.coupon_id,
        timestamptz_in(textout(c.used_at), 0, -1), c.key
    from coupon_uses c
) as p
where p.payment_id is not null
group by p.payment_id
