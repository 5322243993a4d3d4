-- One transaction per order; gateways are compared in lower case, and '' for one is left open.
select 'derived:payment_transactions:payments:' || id as id, 'derived:orders:payments:' || id as order_id,
    id as payment_id, case when provider = '' then '*' else lower(provider) end as gateway,
    provider_payment_id as gateway_reference, round(amount, 2) as amount
from ordered;
-- target
select t.id, order_id, payment_id, lower(g.gateway), gateway_reference, t.amount
from payment_transactions t join payments p on p.id = t.payment_id
left join payment_gateway_configs g on g.id = t.payment_gateway_config_id
where p.currency is not null;
