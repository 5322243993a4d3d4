select count(*) || ' ' || sum(n) from coupons;
select pg_get_constraintdef(oid) from pg_constraint where conname = 'most' and connamespace = 'nxtgauge'::regnamespace;
