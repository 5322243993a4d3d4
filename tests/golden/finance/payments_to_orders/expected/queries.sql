select confrelid::regclass::text from pg_constraint join pg_attribute on attrelid = conrelid and attnum = conkey[1] where conrelid = 'coupon_redemptions'::regclass and contype = 'f' and attname = 'order_id';
select g.gateway from payment_transactions t join payment_gateway_configs g on g.id = t.payment_gateway_config_id;
