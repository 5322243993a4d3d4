-- Every gateway that a payment names has one row of settings, active and empty. The key is a hash of the name.
-- table: payment_gateway_configs
-- source
select distinct md5(p.gateway) as key, p.gateway, p.gateway as display_name, 'true' as is_active, '{}' as settings,
    r.instant as created_at, r.instant as updated_at
from payments p cross join run r where p.gateway ~ '\S'
-- target
select md5(g.gateway) as key, g.gateway, g.display_name, g.is_active::text, g.settings::text, g.created_at::text,
    g.updated_at::text
from payment_gateway_configs g
