"""Orders, made from payments: what was bought, for how much, and what happened at the gateway.

Laws (contract, 4.7: finance)
- The total is the payment's amount to the cent; an amount that two decimals cannot hold makes no order.
- Money is decimal all the way: text in, Arrow decimals between, plain decimal text out.
- The payment itself is copied by its own route and stays, whether or not an order is made of it.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from config import note_kinds
from transforms import steps
from transforms.outcome import Outcome, Parameters

ORDERS = "orders"
ITEMS = "order_items"
TRANSACTIONS = "payment_transactions"

MONEY = pa.decimal128(14, 2)  # numeric(14,2)

_PLAIN = r"^-?[0-9]{1,12}(?:\.[0-9]{1,2})?$"
_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?\s*", re.ASCII)
_CENT = Decimal("0.01")
_TOO_LARGE = Decimal(10) ** 12


def orders(rows: pd.DataFrame, parameters: Parameters, lookups: Mapping[str, pd.DataFrame]) -> Outcome:
    """One order, one order_item and one payment_transaction per payment.

    In: id (the payment's key in the target), user_id, amount, currency, status, package_id, gateway, gateway_reference,
    the times. Lookups: payment_parts (tax, discount and coupon by payment), gateways. Out: orders (id, user_id, status,
    currency, subtotal, tax_amount, discount_amount, total, coupon_id, placed_at, the times), order_items (id, order_id,
    pricing_package_id, quantity, unit_price, line_total, the times), payment_transactions (id, order_id, payment_id,
    payment_gateway_config_id, gateway_reference, amount, currency, status, processed_at, the times). Nothing is
    rejected; if no order can be made, the note order_not_made says why.
    """
    status = steps.meant(rows["status"], parameters.order_statuses)
    amounts = _amounts(rows, lookups["payment_parts"])
    why = _hindrance(rows, status, amounts)
    made = rows.loc[why.isna()]
    own = {"id": _ids(ORDERS, made, parameters), "status": status.loc[made.index]}
    said = why.dropna()
    return Outcome(
        frames={
            ORDERS: _orders(made, own, amounts, lookups["payment_parts"]),
            ITEMS: _items(made, own, amounts, parameters),
            TRANSACTIONS: _transactions(made, own, amounts, parameters, lookups["gateways"]),
        },
        notes=steps.notes(said.index, ORDERS, None, said, None),
    )


def money(values: pd.Series) -> pa.ChunkedArray:
    """numeric(14,2) of each text; null where the text is no number or would be rounded or cut to fit."""
    trimmed = pc.replace_substring_regex(steps.arrow(values), r"(\.[0-9]{1,2})0+$", r"\1")
    plain = pc.match_substring_regex(trimmed, _PLAIN)
    if pc.all(plain).as_py() is not False:  # nulls do not count
        return trimmed.cast(MONEY)
    pairs = zip(trimmed.to_pylist(), plain.to_pylist(), strict=True)
    exact = [text if is_plain else _exact(text) for text, is_plain in pairs]
    return pa.chunked_array([pa.array(exact, pa.string())]).cast(MONEY)


def _amounts(rows: pd.DataFrame, parts: pd.DataFrame) -> dict[str, pd.Series]:
    """total, tax_amount, discount_amount and subtotal as text; null where numeric(14,2) cannot hold it exactly."""
    total, tax, discount = (
        money(rows["amount"]),
        money(_part(rows, parts, "tax_amount")),
        money(_part(rows, parts, "discount_amount")),
    )
    subtotal = pc.add(pc.subtract(total, tax), discount)
    fits = pc.less(pc.abs(subtotal), pa.scalar(_TOO_LARGE))
    found = {
        "total": total,
        "tax_amount": tax,
        "discount_amount": discount,
        "subtotal": pc.if_else(fits, subtotal, pa.scalar(None, subtotal.type)),
    }
    return {name: steps.text(values.cast(pa.string()), rows.index) for name, values in found.items()}


def _part(rows: pd.DataFrame, parts: pd.DataFrame, column: str) -> pd.Series:
    """The payment's tax or discount; 0 where it has none."""
    found = steps.looked_up(rows["id"], parts["payment_id"], parts[column])
    return steps.first_known(found, steps.constant("0", rows.index))


def _hindrance(rows: pd.DataFrame, status: pd.Series, amounts: Mapping[str, pd.Series]) -> pd.Series:
    """The note that says why no order can be made of each payment; null where one can."""
    three_letters = pc.match_substring_regex(steps.arrow(rows["currency"]), "^[A-Za-z]{3}$")
    conditions = {
        note_kinds.NO_USER.saying(): rows["user_id"].isna(),
        note_kinds.NO_AMOUNT.saying(): rows["amount"].isna(),
        note_kinds.UNKNOWN_ORDER_STATUS.saying(): status.isna(),
        note_kinds.UNFIT_AMOUNT.saying("amount"): amounts["total"].isna(),
        note_kinds.NO_CURRENCY.saying(): ~steps.mask(pc.fill_null(three_letters, True), rows.index),
        note_kinds.UNFIT_AMOUNT.saying("tax"): amounts["tax_amount"].isna(),
        note_kinds.UNFIT_AMOUNT.saying("discount"): amounts["discount_amount"].isna(),
        note_kinds.UNFIT_AMOUNT.saying("subtotal"): amounts["subtotal"].isna(),
    }
    notes = np.array([*conditions, None], dtype=object)
    first = np.select(list(conditions.values()), range(len(conditions)), default=-1)
    return steps.text(pa.array(notes[first], pa.string()), rows.index)


def _ids(target_table: str, rows: pd.DataFrame, parameters: Parameters) -> pd.Series:
    return steps.derived_ids(rows["id"], f"{target_table}:{parameters.legacy_table}")


def _orders(
    rows: pd.DataFrame, own: Mapping[str, pd.Series], amounts: Mapping[str, pd.Series], parts: pd.DataFrame
) -> pd.DataFrame:
    coupon_id = steps.looked_up(rows["id"], parts["payment_id"], parts["coupon_id"])
    carried = {name: rows[name] for name in ("user_id", "currency", "created_at", "updated_at")}
    return steps.frame(
        rows.index, {**own, **carried, **amounts, "coupon_id": coupon_id, "placed_at": rows["created_at"]}
    )


def _items(
    rows: pd.DataFrame, own: Mapping[str, pd.Series], amounts: Mapping[str, pd.Series], parameters: Parameters
) -> pd.DataFrame:
    return steps.frame(
        rows.index,
        {"id": _ids(ITEMS, rows, parameters), "order_id": own["id"], "pricing_package_id": rows["package_id"]}
        | {"quantity": "1", "unit_price": amounts["subtotal"], "line_total": amounts["subtotal"]}
        | {name: rows[name] for name in ("created_at", "updated_at")},
    )


def _transactions(
    rows: pd.DataFrame,
    own: Mapping[str, pd.Series],
    amounts: Mapping[str, pd.Series],
    parameters: Parameters,
    gateways: pd.DataFrame,
) -> pd.DataFrame:
    """processed_at is when the payment was made; what is still pending has not been processed."""
    gateway = rows["gateway"].mask(steps.is_blank(rows["gateway"]))
    return steps.frame(
        rows.index,
        {"id": _ids(TRANSACTIONS, rows, parameters), "order_id": own["id"], "payment_id": rows["id"]}
        | {"payment_gateway_config_id": steps.looked_up(gateway, gateways["gateway"], gateways["id"])}
        | {"amount": amounts["total"], "status": own["status"]}
        | {"processed_at": rows["created_at"].mask(own["status"] == "PENDING")}
        | {name: rows[name] for name in ("gateway_reference", "currency", "created_at", "updated_at")},
    )


def _exact(text: str | None) -> str | None:
    """Plain text with two decimals of a number that is written in any other way; null where that is not the number."""
    if text is None or not _NUMBER.fullmatch(text):
        return None
    number = Decimal(text.strip())
    if abs(number) >= _TOO_LARGE or number != number.quantize(_CENT):
        return None
    return f"{number:.2f}"
