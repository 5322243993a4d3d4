-- Every gateway that a payment names has one row of settings, active and empty. The key is a hash of the name.
-- table: payment_gateway_configs
-- source
select distinct md5(convert_to(p.gateway, 'UTF8')) as key, p.gateway, p.gateway as display_name, 't' as is_active, '{}' as settings,
    r.instant as created_at, r.instant as updated_at
from payments p cross join run r where p.gateway ~ '\S'
-- target
select md5(convert_to(g.gateway, 'UTF8')) as key, g.gateway, g.display_name, g.is_active, g.settings, g.created_at,
    g.updated_at
from payment_gateway_configs g
