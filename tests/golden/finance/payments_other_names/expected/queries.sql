select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attname) from pg_attribute where attrelid = 'orders'::regclass and attname in ('user_id', 'coupon_id', 'id');
