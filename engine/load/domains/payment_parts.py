"""What an order takes from other tables: the tax of its payment's invoices, the discount of its coupon uses, its
coupon.

Law: a text that is no number makes the sum NaN, and a payment with such a sum becomes no order.
"""

from config import mapping
from config.postgres.quoting import quoted
from config.postgres.types import NUMBERS, TIMES
from config.shapes import Column
from engine.chunks.work import Work
from engine.planning.plan import TablePlan
from engine.planning.tables.reshaped import legacy_key
from engine.reflect.catalog import LegacyTable
from engine.reflect.select_list import Times, as_text, parsed


def query(work: Work) -> tuple[str, list[tuple[str, str]]]:
    """(the SELECT, (column, legacy table) of those of its columns whose ids are derived)."""
    invoices, uses = work.plan.find_table("invoices"), work.plan.find_table("coupon_uses")
    parts, parents = [], []
    if invoices and (c := invoices.legacy.shape.find_column("payment_id")):
        amount = _first(invoices.legacy, "tax_amount", "tax")
        if amount:
            payment = work.plan.id_as(invoices.name, c.name)
            parts.append(
                f"select {payment} as payment_id, {_numeric(amount)} as tax, null::numeric as discount, "
                f"null::text as coupon, null::timestamptz as at, null::text as key from {_source(work, 'invoices')}"
            )
    if uses and (c := uses.legacy.shape.find_column("payment_id")):
        amount, coupon = _first(uses.legacy, "discount_amount", "discount"), uses.legacy.shape.find_column("coupon_id")
        if coupon and coupon.base != "uuid" and not work.plan.find_table("coupons"):
            coupon = None  # it names nothing, and orders declare a uuid
        discount = _numeric(amount) if amount else "null::numeric"
        named = _named(work, coupon) if coupon else "null::text"
        parts.append(
            f"select {work.plan.id_as(uses.name, c.name)}, null::numeric, {discount}, {named}, "
            f"{_used_at(work, uses)}, {legacy_key(uses.legacy)} from {_source(work, 'coupon_uses')}"
        )
        parents = [("coupon_id", "coupons")] if coupon and _is_derived(work, "coupons") else []
    if _is_derived(work, "payments"):
        parents.append(("payment_id", "payments"))
    union = " union all ".join(parts) or (
        "select null::text, null::numeric, null::numeric, null::text, null::timestamptz, null::text where false"
    )
    selected = (
        "select p.payment_id, concat(coalesce(sum(p.tax), 0)), concat(coalesce(sum(p.discount), 0)), "
        "(array_agg(p.coupon order by p.at nulls last, p.key) filter (where p.coupon is not null))[1] "
        f"from ({union}) as p (payment_id, tax, discount, coupon, at, key) where p.payment_id is not null group by 1"
    )
    return selected, parents


def _is_derived(work: Work, table: str) -> bool:
    plan = work.plan.find_table(table)
    column = plan.legacy.shape.find_column("id") if plan else None
    return column is not None and column.base != "uuid" and work.plan.shape(table).column("id").base == "uuid"


def _named(work: Work, column: Column) -> str:
    """The coupon that was used: an id as ids are compared; a code as it stands, for it is a value of its own."""
    is_id = any(place == ["coupon_uses", column.name] for *place, _ in work.plan.spelled)
    return work.plan.spelled_as("coupon_uses", column.name) if is_id else as_text(column)


def _source(work: Work, table: str) -> str:
    return f"{quoted(work.plan.source_schema, table)} as t"


def _first(table: LegacyTable, *names: str) -> Column | None:
    return next((c for n in names if (c := table.shape.find_column(n))), None)


def _numeric(column: Column) -> str:
    """The amount; NaN of a text that is no number, so that no order is made of it."""
    if column.base == "money":
        return f"t.{quoted(column.name)}::numeric"
    text = as_text(column)
    number = parsed(text, "numeric")
    if column.base in {*NUMBERS, "float4", "float8"} and not column.is_array:
        return number
    is_number = f"{text} ~ '^ *[+-]?[0-9]{{1,255}}([.][0-9]{{0,255}})? *$'"
    return f"case when {is_number} then {number} when {text} is not null then 'NaN' end"


def _used_at(work: Work, uses: TablePlan) -> str:
    """When a coupon was used; where no time says so, when its row was created."""
    chain = mapping.load().common.created_at_from
    times = Times(uses.legacy.shape, chain, work.settings.time_zone, work.plan.instant)
    used = _first(uses.legacy, "used_at", "redeemed_at")
    if used is None or used.base not in TIMES or used.is_array:
        return times.created()
    return times.zoned(used)
