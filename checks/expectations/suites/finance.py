"""Rules about money. PostgreSQL compares all amounts, in numeric: floats would lose cents."""

from checks.expectations.rule import Rule, exact, orphans
from checks.verdict import CRITICAL, INFO, WARNING

RULES = (
    Rule(
        "orders",
        "total",
        "an order's total is its subtotal, less the discount, with the tax",
        CRITICAL,
        reads={"orders": "id total subtotal discount_amount tax_amount"},
        broken="select id from {batch} where total is distinct from subtotal - discount_amount + tax_amount",
        constraint="orders_check",
    ),
    Rule(
        "orders",
        "item",
        "an order has one item, and its subtotal is the item's",
        CRITICAL,
        reads={"orders": "id subtotal", "order_items": "order_id line_total"},
        broken="select o.id from {batch} o left join order_items i on i.order_id = o.id "
        "group by o.id, o.subtotal having count(i.order_id) <> 1 or sum(i.line_total) is distinct from o.subtotal",
    ),
    Rule(
        "orders",
        "transaction",
        "an order has one transaction, of its total and its currency",
        CRITICAL,
        reads={"orders": "id total currency", "payment_transactions": "order_id amount currency"},
        broken="select o.id from {batch} o left join payment_transactions t on t.order_id = o.id "
        "group by o.id, o.total, o.currency having count(t.order_id) <> 1 "
        "or sum(t.amount) is distinct from o.total or min(t.currency) is distinct from o.currency",
    ),
    Rule(
        "orders",
        "amounts",
        "no amount of an order is negative",
        WARNING,
        reads={"orders": "id total subtotal discount_amount tax_amount"},
        broken="select id from {batch} where least(total, subtotal, discount_amount, tax_amount) < 0",
    ),
    Rule(
        "orders",
        "currency",
        "an order's currency is three capital letters",
        INFO,
        reads={"orders": "id currency"},
        broken="select id from {batch} where concat(currency) !~ '^[A-Z][A-Z][A-Z]$'",
    ),
    orphans("orders", "user_id", "users", "user", "an order belongs to a user that is there", CRITICAL),
    Rule(
        "order_items",
        "line-total",
        "a line's total is its quantity by its price",
        CRITICAL,
        reads={"order_items": "id quantity unit_price line_total"},
        broken="select id from {batch} where line_total is distinct from quantity * unit_price",
    ),
    orphans("order_items", "order_id", "orders", "order", "an item belongs to an order", CRITICAL),
    Rule(
        "payment_transactions",
        "payment",
        "a transaction has the amount of its payment, and its order the payment's user",
        CRITICAL,
        reads={
            "payment_transactions": "id order_id payment_id amount",
            "payments": "id amount user_id",
            "orders": "id user_id",
        },
        broken="select t.id from {batch} t left join payments p on p.id = t.payment_id "
        "left join orders o on o.id = t.order_id "
        f"where {exact('p.amount')} is distinct from t.amount or o.user_id is distinct from p.user_id",
    ),
    Rule(
        "payment_transactions",
        "status",
        "a transaction and its order have the same status",
        WARNING,
        reads={"payment_transactions": "id order_id status", "orders": "id status"},
        broken="select t.id from {batch} t join orders o on o.id = t.order_id where o.status <> t.status",
    ),
    Rule(
        "tracecoin_wallets",
        "balance",
        "a wallet's balance is not negative",
        INFO,
        reads={"tracecoin_wallets": "id balance:number"},
        broken="select id from {batch} where balance::numeric < 0",
    ),
    orphans("tracecoin_ledger", "wallet_id", "tracecoin_wallets", "wallet", "an entry belongs to a wallet", CRITICAL),
    orphans("coupon_redemptions", "coupon_id", "coupons", "coupon", "a coupon that was redeemed is there", CRITICAL),
    orphans("coupon_redemptions", "order_id", "orders", "order", "the order of a redemption is there", CRITICAL),
    Rule(
        "coupon_redemptions",
        "validity",
        "a coupon is redeemed while it is valid",
        INFO,
        reads={"coupon_redemptions": "id coupon_id redeemed_at:time", "coupons": "id valid_from:time valid_to:time"},
        broken="select r.id from {batch} r join coupons c on c.id = r.coupon_id "
        "where r.redeemed_at < c.valid_from or r.redeemed_at > c.valid_to",
        links={"coupon_redemptions.coupon_id": "coupons"},
    ),
    Rule(
        "coupons",
        "max-uses",
        "a coupon is redeemed no more often than it allows",
        INFO,
        reads={"coupons": "id max_uses:number", "coupon_redemptions": "coupon_id"},
        broken="select c.id from {batch} c join coupon_redemptions r on r.coupon_id = c.id "
        "group by c.id, c.max_uses having count(*) > c.max_uses::numeric",
        links={"coupon_redemptions.coupon_id": "coupons"},
    ),
    orphans("invoices", "payment_id", "payments", "payment", "the payment of an invoice is there", CRITICAL),
    Rule(
        "invoices",
        "total",
        "an invoice's total is its amount and its tax",
        INFO,
        reads={"invoices": "id amount:number tax_amount:number total:number"},
        broken=f"select id from {{batch}} where {exact('total')} <> {exact('amount')} + {exact('tax_amount')}",
    ),
)
