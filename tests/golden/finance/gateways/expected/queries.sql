select string_agg(payment_id || ' ' || coalesce(gateway, '-'), ', ' order by payment_id) from payment_transactions left join payment_gateway_configs g on g.id = payment_gateway_config_id;
