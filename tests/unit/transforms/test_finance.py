"""Payments make orders to the cent, or a note that says why not."""

import random
from decimal import Decimal

import pandas as pd
import pytest

from config import mapping, rules
from tests.unit.transforms.frames import records, table
from transforms import finance as subject
from transforms.outcome import TEXT, Outcome, Parameters
from transforms.steps import derived_id

STATUSES = rules.spellings(mapping.load().common.order_statuses)
TIME, LATER = "2024-01-01 00:00:00+00", "2024-01-02 00:00:00+00"
USER, PAYMENT = "00000000-0000-0000-0000-0000000000a1", "00000000-0000-0000-0000-0000000000d1"
PACKAGE, COUPON = "00000000-0000-0000-0000-0000000000f1", "00000000-0000-0000-0000-0000000000f2"
STRIPE = "00000000-0000-0000-0000-0000000000e1"
COLUMNS = "id user_id amount currency status package_id gateway gateway_reference created_at updated_at"


def payments(*rows: dict, parts=()) -> Outcome:
    base = {"id": PAYMENT, "user_id": USER, "amount": "100", "currency": "INR", "status": "paid"}
    filled = [base | {"created_at": TIME, "updated_at": LATER} | row for row in rows]
    lookups = {
        "payment_parts": table("payment_id tax_amount discount_amount coupon_id", *parts),
        "gateways": table("gateway id", {"gateway": "stripe", "id": STRIPE}, {"gateway": "", "id": "blank"}),
    }
    return subject.orders(table(COLUMNS, *filled), Parameters("payments", order_statuses=STATUSES), lookups)


def only(outcome: Outcome, name: str) -> dict:
    (record,) = records(outcome.frames[name])
    return record


def why(outcome: Outcome) -> list[str]:
    assert not len(outcome.rejected)
    assert all(note["target_table"] == "orders" and note["legacy_value"] is None for note in records(outcome.notes))
    return [note["note"] for note in records(outcome.notes)]


def test_a_payment_makes_an_order_an_item_and_a_transaction():
    outcome = payments(
        {
            "amount": "1180.00",
            "status": "Captured",
            "package_id": PACKAGE,
            "gateway": "stripe",
            "gateway_reference": "p1",
        },
        parts=[
            {"payment_id": "another", "tax_amount": "1", "discount_amount": "1", "coupon_id": "another"},
            {"payment_id": PAYMENT, "tax_amount": "180.0000", "discount_amount": "100", "coupon_id": COUPON},
        ],
    )
    order_id, times = derived_id(f"orders:payments:{PAYMENT}"), {"created_at": TIME, "updated_at": LATER}
    assert only(outcome, "orders") == times | {
        "label": 10,
        "id": order_id,
        "user_id": USER,
        "status": "PAID",
        "currency": "INR",
        "subtotal": "1100.00",
        "discount_amount": "100.00",
        "tax_amount": "180.00",
        "total": "1180.00",
        "coupon_id": COUPON,
        "placed_at": TIME,
    }
    assert only(outcome, "order_items") == times | {
        "label": 10,
        "id": derived_id(f"order_items:payments:{PAYMENT}"),
        "order_id": order_id,
        "pricing_package_id": PACKAGE,
        "quantity": "1",
        "unit_price": "1100.00",
        "line_total": "1100.00",
    }
    assert only(outcome, "payment_transactions") == times | {
        "label": 10,
        "id": derived_id(f"payment_transactions:payments:{PAYMENT}"),
        "order_id": order_id,
        "payment_id": PAYMENT,
        "payment_gateway_config_id": STRIPE,
        "gateway_reference": "p1",
        "amount": "1180.00",
        "currency": "INR",
        "status": "PAID",
        "processed_at": TIME,
    }
    assert why(outcome) == []


def test_without_invoices_and_coupons_the_subtotal_is_the_total():
    order = only(payments({}, parts=[{"payment_id": PAYMENT}]), "orders")
    amounts = [order[name] for name in ("subtotal", "tax_amount", "discount_amount", "total", "coupon_id")]
    assert amounts == ["100.00", "0.00", "0.00", "100.00", None]


def test_what_is_pending_has_not_been_processed():
    assert only(payments({"status": "authorized"}), "payment_transactions")["processed_at"] is None


@pytest.mark.parametrize("gateway", [None, "", " ", "Stripe"])
def test_a_blank_or_other_gateway_has_no_configuration(gateway):
    assert only(payments({"gateway": gateway}), "payment_transactions")["payment_gateway_config_id"] is None


@pytest.mark.parametrize(
    ("amount", "total"),
    [
        ("10.5", "10.50"),
        ("10.500", "10.50"),
        ("10.50000000", "10.50"),
        ("100", "100.00"),
        ("1000", "1000.00"),
        ("100.000", "100.00"),
        ("0", "0.00"),
        ("-0", "0.00"),
        ("-5.25", "-5.25"),
        ("0.05", "0.05"),
        ("-0.05", "-0.05"),
        ("999999999999.99", "999999999999.99"),
        ("-999999999999.990", "-999999999999.99"),
        ("000000000000000012.5", "12.50"),
        ("1e2", "100.00"),
        ("1.5E+1", "15.00"),
        ("1500e-2", "15.00"),
        ("1e11", "100000000000.00"),
        (" 7 ", "7.00"),
        ("+7", "7.00"),
        (".5", "0.50"),
        ("5.", "5.00"),
    ],
)
def test_the_total_is_the_amount_exactly(amount, total):
    assert only(payments({"amount": amount}), "orders")["total"] == total


UNFIT = (
    "10.005 0.001 -0.001 1000000000000 1000000000000.00 -1000000000000 999999999999.995 1e12 1e-3 1e400000 1e-400000 "
    "NaN Infinity -Infinity inf 1_000 0x10 $5.00 5,00 five 1.2.3 - . e5 ٣"
)


@pytest.mark.parametrize("amount", [*UNFIT.split(), "", " ", "1 2"])
def test_an_amount_that_two_decimals_cannot_hold_makes_no_order(amount):
    outcome = payments({"amount": amount}, {"id": "2", "amount": "1"})
    assert why(outcome) == ["order_not_made: amount does not fit numeric(14,2)"]
    assert [row["label"] for row in records(outcome.frames["orders"])] == [20]
    assert [row["label"] for row in records(outcome.frames["order_items"])] == [20]
    assert [row["label"] for row in records(outcome.frames["payment_transactions"])] == [20]


@pytest.mark.parametrize(
    ("payment", "said"),
    [
        ({"status": "chargeback"}, "unknown status"),
        ({"status": ""}, "unknown status"),
        ({"status": None}, "unknown status"),
        ({"amount": None}, "no amount"),
        ({"user_id": None}, "no user"),
        ({"currency": "RUPEE"}, "currency is not three letters"),
        ({"currency": "US"}, "currency is not three letters"),
        ({"currency": "US "}, "currency is not three letters"),
        ({"currency": ""}, "currency is not three letters"),
        ({"currency": "123"}, "currency is not three letters"),
        ({"user_id": None, "status": "?", "amount": "x"}, "no user"),
    ],
)
def test_every_hindrance_is_noted(payment, said):
    outcome = payments(payment)
    assert why(outcome) == [f"order_not_made: {said}"]
    assert not any(len(frame) for frame in outcome.frames.values())


def test_a_payment_without_a_currency_makes_an_order_without_one():
    assert only(payments({"currency": None}), "orders")["currency"] is None


def test_a_currency_is_carried_as_it_is():
    assert only(payments({"currency": "inr"}), "orders")["currency"] == "inr"


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"tax_amount": "0.005"}, "tax"),
        ({"tax_amount": "NaN"}, "tax"),
        ({"discount_amount": "1e12"}, "discount"),
        ({"discount_amount": "999999999900"}, "subtotal"),
        ({"tax_amount": "-999999999999"}, "subtotal"),
    ],
)
def test_parts_that_do_not_fit_make_no_order(part, said):
    outcome = payments({}, parts=[{"payment_id": PAYMENT} | part])
    assert why(outcome) == [f"order_not_made: {said} does not fit numeric(14,2)"]


def test_the_largest_subtotal_fits():
    part = {"payment_id": PAYMENT, "discount_amount": "999999999899.99"}
    assert only(payments({}, parts=[part]), "orders")["subtotal"] == "999999999999.99"


def test_many_zeros_are_no_digits_among_amounts_of_any_kind():
    texts = ["1.1" + "0" * 60, "1e0", None, "x"]
    assert subject.money(pd.Series(texts, dtype=TEXT)).to_pylist() == [Decimal("1.10"), Decimal(1), None, None]


def test_money_is_exact_for_random_cents(rng: random.Random):
    cents = [rng.randrange(-(10**14) + 1, 10**14) for _ in range(5_000)]
    texts = [f"{Decimal(each) / 100:f}" for each in cents]
    exact = subject.money(pd.Series(texts, dtype=TEXT)).to_pylist()
    assert [int(each * 100) for each in exact] == cents


def test_no_rows_give_no_rows():
    outcome = payments()
    frames = [*outcome.frames.values(), outcome.notes]
    assert not any(len(frame) for frame in frames)
    assert all(dtype == TEXT for frame in frames for dtype in frame.dtypes)
