"""However verification, finance, knowledge base and audit tables are cut, their rows end the same, and in one place.

Chunks are page ranges, so the whole is cut into runs of rows, and what the runs give is put together in their order.
The whole gets its lookups whole, a chunk restricted to what it asks for, as the engine does.
"""

import json
from collections.abc import Iterator
from decimal import Decimal

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from config import mapping, rules
from transforms.audit import activity_logs
from transforms.finance import orders
from transforms.knowledge_base import kb_articles, kb_sections
from transforms.outcome import TEXT, Outcome, Parameters
from transforms.verification import onboarding_states, onboarding_submissions, submission_documents, verifications

FACTS = {
    "role_keys": rules.role_keys(mapping.load()),
    "statuses": rules.spellings(mapping.load().common.statuses),
    "order_statuses": rules.spellings(mapping.load().common.order_statuses),
}
UUIDS = [f"a0000000-0000-0000-0000-00000000000{digit}" for digit in "1234"]
TIME = "2024-01-01 00:00:00+00"

many = settings(max_examples=25, deadline=None)
cuts = st.lists(st.integers(1, 6), min_size=1, max_size=3)  # lengths of the runs; the last takes the rest
ids = st.sampled_from([*UUIDS, UUIDS[0].upper(), "{" + UUIDS[1] + "}", "9", "x:y"])
users = st.sampled_from([None, "u1", "u2"])
roles = st.sampled_from([None, "", "Tutor", "tutor", "UGC", "wizard", "照片"])
statuses = st.sampled_from([None, "", "Draft", "active", "under review", "cancelled", "done", "frozen"])
texts = st.sampled_from([None, "", "null", "x", "{}"])
times = {"created_at": st.just(TIME), "updated_at": st.just(TIME)}


def table(columns: list[str], rows: list[dict]) -> pd.DataFrame:
    return pd.DataFrame({c: pd.Series([row.get(c) for row in rows], dtype=TEXT) for c in columns})


def rows_of(**columns: st.SearchStrategy) -> st.SearchStrategy[pd.DataFrame]:
    return st.lists(st.fixed_dictionaries(columns), max_size=10).map(lambda rows: table(list(columns), rows))


def runs(rows: pd.DataFrame, cut: list[int]) -> Iterator[pd.DataFrame]:
    """The rows in runs of these lengths; some may be empty."""
    start = 0
    for length in cut:
        yield rows.iloc[start : start + length]
        start += length
    yield rows.iloc[start:]


def restricted(known: pd.DataFrame, column: str, wanted: pd.Series) -> pd.DataFrame:
    return known.loc[known[column].isin(wanted.dropna().tolist())]


def said(outcomes: list[Outcome]) -> dict[str, list]:
    """All that outcomes say, put together in their order."""
    parts: dict[str, list] = {}
    for outcome in outcomes:
        frames = {**outcome.frames, "?rejected": outcome.rejected, "?ids": outcome.id_map, "?notes": outcome.notes}
        for name, frame in frames.items():
            assert all(dtype == TEXT for dtype in frame.dtypes)
            values = frame.astype(object).where(frame.notna(), None)
            parts.setdefault(name, []).extend(values.reset_index().to_dict("records"))
    return parts


def assert_cut_makes_no_difference(transform, legacy_table: str, rows: pd.DataFrame, cut: list[int], asked) -> Outcome:
    """asked(rows) gives the lookups of a chunk, asked(None) the whole ones."""
    parameters = Parameters(legacy_table, **FACTS)
    whole = transform(rows, parameters, asked(None))
    assert said([transform(run, parameters, asked(run)) for run in runs(rows, cut)]) == said([whole])
    labels = [set(frame.index) for frame in whole.frames.values()]
    assert not set.union(*labels) & set(whole.rejected.index), "no row is rejected and loaded"
    assert whole.rejected.index.is_unique
    return whole


def assert_loaded_or_rejected(outcome: Outcome, rows: pd.DataFrame, table_name: str) -> None:
    assert sorted([*outcome.frames[table_name].index, *outcome.rejected.index]) == rows.index.tolist()


profiles = rows_of(user_id=users, role=st.sampled_from(["tutor", "ugc_content_creator"]), id=st.sampled_from(UUIDS))


@many
@given(
    rows_of(
        id=ids,
        user_id=users,
        role=roles,
        status=statuses,
        payload=texts,
        submitted_at=texts,
        reviewed_by=texts,
        reviewed_at=texts,
        rejection_reason=texts,
        **times,
    ),
    profiles,
    cuts,
)
def test_submissions(rows, held, cut):
    def asked(chunk):
        return {"profiles": held if chunk is None else restricted(held, "user_id", chunk["user_id"])}

    whole = assert_cut_makes_no_difference(onboarding_submissions, "onboarding_submissions", rows, cut, asked)
    assert_loaded_or_rejected(whole, rows, "verification_requests")
    requests = whole.frames["verification_requests"]
    reviewed = requests.index[~requests["status"].isin(["DRAFT", "CANCELLED"])]
    noted = whole.notes.index[whole.notes["note"] == "no_profile_for_approval"]
    assert sorted([*whole.frames["approval_requests"].index, *noted]) == sorted(reviewed)


@many
@given(
    rows_of(
        key=st.sampled_from(["(0,1)", "k"]),
        id=st.one_of(st.none(), ids),
        user_id=users,
        role=roles,
        completed=st.sampled_from([None, "true", "false"]),
        is_completed=st.sampled_from([None, "1", "0"]),
        is_complete=st.sampled_from([None, "no"]),
        completed_at=st.sampled_from([None, None, TIME]),
        status=statuses,
        payload=texts,
        **times,
    ),
    rows_of(user_id=users, role=roles),
    profiles,
    cuts,
)
def test_states(rows, submitted, held, cut):
    def asked(chunk):
        if chunk is None:
            return {"submissions": submitted, "profiles": held}
        return {
            "submissions": restricted(submitted, "user_id", chunk["user_id"]),
            "profiles": restricted(held, "user_id", chunk["user_id"]),
        }

    whole = assert_cut_makes_no_difference(onboarding_states, "onboarding_states", rows, cut, asked)
    assert not len(whole.rejected)
    assert whole.frames["verification_requests"]["id"].tolist() == whole.id_map["target_id"].tolist()


@many
@given(
    rows_of(
        id=ids,
        user_id=users,
        type=texts,
        status=statuses,
        verified_by=texts,
        verified_at=texts,
        rejection_reason=texts,
        payload=texts,
        submitted_at=texts,
        role=roles,
        **times,
    ),
    st.sets(st.sampled_from(UUIDS)),
    profiles,
    cuts,
)
def test_verifications(rows, taken, held, cut):
    submission_ids = table(["id"], [{"id": id_} for id_ in sorted(taken)])

    def asked(chunk):
        own = held if chunk is None else restricted(held, "user_id", chunk["user_id"])
        return {"submission_ids": submission_ids, "profiles": own}

    whole = assert_cut_makes_no_difference(verifications, "verifications", rows, cut, asked)
    assert_loaded_or_rejected(whole, rows, "verification_requests")
    assert not set(whole.frames["verification_requests"]["id"]) & taken


@many
@given(rows_of(id=ids, submission_id=ids, document_type=texts, file_url=texts, status=statuses, **times), cuts)
def test_documents(rows, cut):
    whole = assert_cut_makes_no_difference(submission_documents, "submission_documents", rows, cut, lambda chunk: {})
    assert_loaded_or_rejected(whole, rows, "verification_documents")


@many
@given(rows_of(key=ids, category_id=st.one_of(st.none(), ids)), rows_of(id=ids, **times), cuts)
def test_knowledge_base(articles, categories, cut):
    whole = assert_cut_makes_no_difference(kb_articles, "kb_articles", articles, cut, lambda chunk: {})
    assert_loaded_or_rejected(whole, articles, "kb_articles")
    sections = assert_cut_makes_no_difference(kb_sections, "kb_categories", categories, cut, lambda chunk: {})
    made = sections.frames["kb_sections"].set_index("category_id")["id"].to_dict()
    for category_id, section_id in zip(articles["category_id"], whole.frames["kb_articles"]["section_id"], strict=True):
        assert pd.isna(category_id) or made.get(category_id, section_id) == section_id


# Most can make an order; whatever cannot stands here once.
amounts = st.sampled_from(
    ["0", "7", "10.50", "10.500", "-3.25", "1e2", "999999999999.99", None, "", "0.005", "1e12", "NaN"]
)
currencies = st.sampled_from(["INR", "INR", "usd", None, "RUPEE"])
order_statuses = st.sampled_from(["paid", "Success", "pending", "re-funded", None, "frozen"])


@many
@given(
    rows_of(
        id=st.sampled_from(UUIDS),
        user_id=users,
        amount=amounts,
        currency=currencies,
        status=order_statuses,
        package_id=texts,
        gateway=st.sampled_from([None, "", "stripe", "payu"]),
        gateway_reference=texts,
        **times,
    ),
    st.dictionaries(st.sampled_from(UUIDS), st.tuples(amounts, amounts, texts)),
    cuts,
)
def test_payments(rows, parts, cut):
    columns = ["payment_id", "tax_amount", "discount_amount", "coupon_id"]
    known = table(columns, [dict(zip(columns, (id_, *values), strict=True)) for id_, values in parts.items()])
    gateways = table(["gateway", "id"], [{"gateway": "stripe", "id": "g1"}, {"gateway": "payu", "id": "g2"}])

    def asked(chunk):
        own = known if chunk is None else restricted(known, "payment_id", chunk["id"])
        return {"payment_parts": own, "gateways": gateways}

    whole = assert_cut_makes_no_difference(orders, "payments", rows, cut, asked)
    made = whole.frames["orders"]
    assert not len(whole.rejected)
    assert sorted([*made.index, *whole.notes.index]) == rows.index.tolist()
    for name in ("order_items", "payment_transactions"):
        assert whole.frames[name].index.tolist() == made.index.tolist()
        assert whole.frames[name]["order_id"].tolist() == made["id"].tolist()
    for label, order in made.iterrows():
        total, tax, discount, subtotal = (
            Decimal(order[name]) for name in ("total", "tax_amount", "discount_amount", "subtotal")
        )
        assert total == Decimal(rows.at[label, "amount"])
        assert total == subtotal - discount + tax
        assert all(abs(each) < 10**12 and each.as_tuple().exponent == -2 for each in (total, tax, discount, subtotal))


# A JSON value as (its text, what jsonb takes it for); texts of one value differ.
SCALARS = [
    ("null", None),
    ("true", True),
    ("1", ("number", Decimal(1))),
    ("1.0", ("number", Decimal(1))),
    ("1e0", ("number", Decimal(1))),
    ("-0.0", ("number", Decimal(0))),
    ("0", ("number", Decimal(0))),
    ("false", False),
    ("12345678901234567890.10", ("number", Decimal("12345678901234567890.1"))),
    ("12345678901234567890.1", ("number", Decimal("12345678901234567890.1"))),
    ('""', ""),
    ('"1"', "1"),
    ('"é\\n"', "é\n"),
]
names = st.sampled_from(["a", "b", "é", "", "old", 'qu"ote'])


def as_array(items: list[tuple]) -> tuple:
    return "[" + ",".join(text for text, _ in items) + "]", [value for _, value in items]


def as_object(members: dict[str, tuple]) -> tuple:
    body = ",".join(f"{json.dumps(name)}:{text}" for name, (text, _) in members.items())
    return "{" + body + "}", {name: value for name, (_, value) in members.items()}


values = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(as_array), st.dictionaries(names, inner, max_size=3).map(as_object)
    ),
    max_leaves=6,
)


# (old, new) of one field; either may be absent. Two numbers are often one value in two spellings.
numbers = st.sampled_from([scalar for scalar in SCALARS if isinstance(scalar[1], tuple)])
alike = st.tuples(numbers, numbers)
pairs = st.one_of(alike, alike.map(lambda pair: tuple(as_array([each]) for each in pair)), st.tuples(values, values))
sided = st.tuples(pairs, st.sampled_from([(True, True), (True, True), (True, False), (False, True)]))


def is_same(old: object, new: object) -> bool:
    """Equal to jsonb; in Python True equals 1, but numbers are pairs here."""
    return repr(sorted_deep(old)) == repr(sorted_deep(new))


def sorted_deep(value: object) -> object:
    if isinstance(value, dict):
        return {name: sorted_deep(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [sorted_deep(each) for each in value]
    return ("number", value[1].normalize() + 0) if isinstance(value, tuple) else value


def model(text: str) -> object:
    """The value of a JSON text, in the model's form."""

    def number(digits: str) -> tuple:
        return ("number", Decimal(digits))

    return json.loads(text, parse_float=number, parse_int=number)


@many
@given(st.dictionaries(names, sided, max_size=4), st.booleans(), cuts)
def test_changes(given_fields, is_snapshot, cut):
    fields = sorted(given_fields)
    before, after = (
        {field: pair[side] for field, (pair, is_there) in given_fields.items() if is_there[side]} for side in (0, 1)
    )
    if is_snapshot:
        metadata = f'{{"before": {as_object(before)[0]}, "after": {as_object(after)[0]}}}'
    else:
        sides = {
            field: as_object({name: side[field] for name, side in (("old", before), ("new", after)) if field in side})
            for field in fields
        }
        metadata = f'{{"changes": {as_object(sides)[0]}}}'
    rest = {"metadata": "{}", "ip_address": "x", "created_at": TIME}
    activity = {"metadata": metadata, "ip_address": "::1", "created_at": TIME}
    rows = table(
        ["id", "user_id", "action", "entity_type", "entity_id", "ip_address", "user_agent", "metadata", "created_at"],
        [{"id": UUIDS[0]} | activity, {"id": UUIDS[1]} | rest, rest, {"id": "9"} | activity | {"ip_address": ""}],
    )
    whole = assert_cut_makes_no_difference(
        activity_logs, "activity_logs", rows, cut, lambda chunk: {"repeated_ids": table(["id"], [])}
    )
    assert_loaded_or_rejected(whole, rows, "audit_logs")
    changes = whole.frames["audit_log_changes"]
    assert changes["id"].is_unique
    differing = [
        field
        for field in fields
        if field not in before or field not in after or not is_same(before[field][1], after[field][1])
    ]
    for label in (0, 3):
        found = changes.loc[changes.index == label].set_index("field_name")
        assert sorted(found.index) == differing
        for field in differing:
            for side, column in ((before, "old_value"), (after, "new_value")):
                text = found.at[field, column]
                assert pd.isna(text) if field not in side else is_exact(text, side[field])


def is_exact(text: str, wanted: tuple) -> bool:
    """The same value, every number in its own digits."""
    return is_same(model(text), wanted[1]) and digits_of(text) == digits_of(wanted[0])


def digits_of(text: str) -> list[str]:
    found: list[str] = []
    json.loads(text, parse_float=found.append, parse_int=found.append)
    return found
