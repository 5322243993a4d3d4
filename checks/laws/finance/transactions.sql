-- Every payment of an order is one transaction at its gateway, of the payment's amount and under the gateway's own
-- reference; it was processed when it was made, unless it is pending. The key is the payment's.
-- table: payment_transactions
-- source
select o.id as key, case when o.gateway ~ '\S' then o.gateway end as gateway, o.gateway_reference, o.total as amount,
    o.currency, o.status, case when o.status <> 'PENDING' then o.created_at end as processed_at, o.created_at,
    o.updated_at
from ordered o where o.hindrance is null
-- target
select concat(t.payment_id) as key,
    case when g.id is null and t.payment_gateway_config_id is not null then 'unknown' else g.gateway end as gateway,
    t.gateway_reference, t.amount, t.currency, t.status, t.processed_at, t.created_at, t.updated_at
from payment_transactions t left join payment_gateway_configs g on g.id = t.payment_gateway_config_id
