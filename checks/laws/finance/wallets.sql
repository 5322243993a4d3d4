-- A wallet's balance is the sum of its ledger, in which debits and holds count as negative. Where it is not, the legacy
-- data disagree with themselves: a finding about them, not about the migration.
-- table: tracecoin_wallets
-- severity: info
-- needs: tracecoin_wallets.id, tracecoin_wallets.balance
-- needs: tracecoin_ledger.wallet_id, tracecoin_ledger.amount, tracecoin_ledger.entry
-- holds
select concat(w.id) as key, w.balance::numeric = coalesce(l.total, 0) as holds
from tracecoin_wallets w
left join (
    select wallet_id, sum(case when lower(entry::text) in ('debit', 'hold') then -amount::numeric
        else amount::numeric end) as total
    from tracecoin_ledger group by wallet_id
) as l on l.wallet_id = w.id
