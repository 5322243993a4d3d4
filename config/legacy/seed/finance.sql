-- Wallets and their ledger, packages, payments with invoices and coupons. Remainders of a payment's n by 1000:
--   1 an unknown status, 2 an amount of three decimals, 3 a trailing zero more, 4 NaN, 5 too large, 6 negative, 7 to 11
--   currencies in other spellings, '' and none, 12 an orphan, 13 an unknown package, 14 no provider, 15 '' for one.

-- the first entry of each wallet opens it with more than the others take; a wallet's balance is the sum of its entries
insert into tracecoin_ledger overriding system value
select n, seed_uuid('tracecoin_wallets', case when n <= s.tracecoin_wallets then n
        else seed_pick(n, 510, s.tracecoin_wallets) end),
    case when n <= s.tracecoin_wallets or n % 1000 = 1 then 'credit'
        else ('{credit,credit,debit,hold,release}'::ledger_entry[])[seed_pick(n, 511, 5)] end,
    case when n % 1000 = 1 then 9007199254740993 when n <= s.tracecoin_wallets then 50000 + seed_pick(n, 512, 50000)
        else seed_pick(n, 512, 500) end, seed_hash(n, 513) % 100000,
    case n % 3 when 0 then 'payment' when 1 then 'lead_request' end,
    case n % 3 when 0 then seed_uuid('payments', seed_pick(n, 514, s.payments))::text when 1 then 'lead#' || n end,
    case n % 500 when 20 then seed_naughty(n + 2000) when 21 then '' else 'Entry ' || n end, seed_time(n, 515)
from seed_size s cross join lateral generate_series(1, s.tracecoin_ledger) n;

insert into tracecoin_wallets
select seed_uuid('tracecoin_wallets', n), seed_uuid('users', seed_user(n, s.users)), total,
    seed_hash(n, 501) % 1000000, n % 300 = 0, seed_time(n, 502), seed_time(n, 502) + seed_later(n, 503, 300)
from seed_size s cross join lateral generate_series(1, s.tracecoin_wallets) n
join (
    select wallet_id, sum(case when entry in ('debit', 'hold') then -amount else amount end) as total
    from tracecoin_ledger group by wallet_id
) l on wallet_id = seed_uuid('tracecoin_wallets', n)
order by n;

insert into pricing_packages
select seed_uuid('pricing_packages', n), 'PACK-' || n, 'Package no. ' || n, (n * 50)::int, n * 9.99,
    ('{USD,EUR,INR}'::text[])[1 + n % 3], '["leads", {"boost": 1.50}]', n % 4 > 0, n,
    seed_time(n, 520), seed_time(n, 521)
from generate_series(1, 12) n;

insert into payments
select seed_uuid('payments', n),
    case n % 1000 when 12 then seed_uuid('nobody', n) else seed_uuid('users', seed_pick(n, 530, s.users)) end,
    case n % 1000 when 13 then seed_uuid('nobody', n) else case when n % 9 > 0 then
        seed_uuid('pricing_packages', seed_pick(n, 531, 12)) end end,
    case n % 1000 when 2 then 19.999 when 3 then 25.000 when 4 then 'NaN' when 5 then 1234567890123.45
        when 6 then -12.50
        when 16 then 7 else seed_price(n, 532) end,
    case n % 1000 when 7 then 'usd' when 8 then 'US$' when 9 then 'EURO' when 10 then '' when 11 then null else
        ('{USD,USD,EUR,INR,GBP}'::text[])[seed_pick(n, 533, 5)] end,
    case n % 1000 when 1 then 'limbo' else status end,
    case n % 1000 when 14 then null when 15 then '' else
        ('{stripe,Stripe,razorpay,paypal,"Bank Transfer"}'::text[])[seed_pick(n, 535, 5)] end,
    case when n % 10 = 0 then null else 'pay_' || lpad(n::text, 10, '0') end,
    case when status ~* 'fail|declin|error' then 'card refused' end,
    case n % 3 when 0 then jsonb_build_object('id', n, 'fee', 0.30, 'note',
        case n % 500 when 21 then seed_naughty(n) end)
        when 1 then '{"risk": 1.0}'::jsonb end,
    case when status ~* 'paid|suc|capt|compl' then created + interval '3 seconds' end, created,
    created + seed_later(n, 536, 5)
from seed_size s cross join lateral generate_series(1, s.payments) n
cross join lateral (select ('{paid,PAID,Success,succeeded,captured,completed,pending,created,Authorized,processing,'
    'failed,declined,error,refunded,Refunded,cancelled,canceled,voided}'::text[])[seed_pick(n, 534, 18)] as status,
    seed_time(n, 537) as created) p;

-- every fiftieth a second invoice of one payment; 1 none and 2 an unknown payment, 3 and 4 not issued
insert into invoices (id, invoice_number, payment_id, user_id, amount, tax_rate, tax_amount, issued_at, due_on,
    pdf_path)
select seed_uuid('invoices', n), 'INV-' || lpad((100000 + n)::text, 8, '0'),
    case n % 1000 when 1 then null when 2 then seed_uuid('nobody', n) else seed_uuid('payments', p) end,
    seed_uuid('users', seed_pick(p, 530, s.users)), amount - tax, rate, tax,
    case when n % 1000 in (3, 4) then null else seed_time(p, 537) + interval '1 hour' end,
    date '2024-01-31' + (n % 90)::int, case when n % 5 > 0 then '/invoices/' || n || '.pdf' end
from seed_size s cross join lateral generate_series(1, s.invoices) n
cross join lateral (select least(s.payments, case when n % 50 = 0 then n - 1 else n end) as p,
    ('{0,0.05,0.18,0.2}'::numeric[])[seed_pick(n, 540, 4)] as rate) r
cross join lateral (select seed_price(p, 532) as amount, round(seed_price(p, 532) * rate / (1 + rate), 2) as tax) t;

insert into coupons
select n, 'SAVE' || n, case when n % 3 = 0 then 'fixed' else 'percent' end, n % 50 + 0.50,
    case when n % 4 = 0 then 100 end,
    case when n % 3 = 0 then '-infinity' else timestamptz '2021-12-31' - n * interval '1 day' end,
    case when n % 2 = 0 then 'infinity' else timestamptz '2024-05-01' + n * interval '1 day' end, n % 5 > 0, seed_time(n, 550), seed_time(n, 550)
from generate_series(1, 60) n;

-- every seventh and eighth one payment; 1 an unknown one; a third without any
insert into coupon_uses
select seed_uuid('coupon_uses', n), seed_pick(n, 560, 60), seed_uuid('users', seed_pick(p, 530, s.users)),
    case when n % 1000 = 1 then seed_uuid('nobody', n) when n % 3 <> 0 or n % 8 = 0 then seed_uuid('payments', p) end,
    case when n % 25 = 0 then null else (seed_hash(n, 561) % 500)::numeric / 100 end,
    seed_time(p, 537) - interval '1 minute'
from seed_size s cross join lateral generate_series(1, s.coupon_uses) n
cross join lateral (select 1 + (n - case when n % 8 = 0 then 1 else 0 end) * 3 % s.payments as p) p;

insert into discounts
select seed_uuid('discounts', n), 'Discount ' || n, case when n % 3 > 0 then n * 1.25 end,
    case when n % 3 = 0 then n * 10.10 end,
    ('{"{packages}","{leads,\"a, b\"}","{}"}'::text[])[1 + n % 3]::text[],
    case when n % 2 = 0 then daterange(date '2022-01-01' + n::int * 20, date '2022-01-15' + n::int * 20)
        else daterange('2023-01-01', null) end, case when n % 2 = 0 then 'global' else 'role' end, seed_time(n, 570)
from generate_series(1, 30) n;
