"""What a scan takes for an address, a number or something said, text by text."""

from dataclasses import replace

import pytest

from checks.scan import personal_values
from checks.scan.cells import BatchColumn
from checks.scan.columns import Field
from checks.scan.hashes import Hashes, Numbers
from checks.scan.result import ComparedColumn, Scan, rule

ALL = {7, 8, 9, 10}
KEY = b"key"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Asha.Rao+x@Mail.Example.IN", ["asha.rao+x@mail.example.in"]),
        ("to <a@x.in>, (b@y.in).", ["a@x.in", "b@y.in"]),
        ("mailto:a@x.in?cc=b%40y.in", ["a@x.in", "b@y.in"]),
        ("&#97;sha&#64;x.in", ["asha@x.in"]),
        (r"line\na@x.in and \u0062\u0040y.in", ["a@x.in", "b@y.in"]),
        ("...a@x.in-", ["a@x.in"]),
        ("zoë@bücher.example", ["zoë@bücher.example"]),
        ("a@x, @x.in, a@, @", []),
        ("x" * 300 + "@x.in", ["x" * 64 + "@x.in"]),
    ],
)
def test_addresses(text, found) -> None:
    assert list(personal_values.emails(text)) == found
    assert not found or personal_values.may_hold_email(text)


@pytest.mark.parametrize("text", ["to-asha@x.in", "about_ASHA@x.in-2", "asha@x.in.html", "a%asha@x.in"])
def test_addresses_within_what_looks_like_a_longer_one(text) -> None:
    assert "asha@x.in" in personal_values.possible_emails(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("+91 98765-01234", {"9876501234"}),
        ("(0) 98765.01234", {"9876501234"}),
        ("98765 01234 / 0044 20 7946 0018", {"9876501234", "2079460018"}),
        ("9876501234 9876501235", {"9876501234", "9876501235"}),
        ("98765\u00a0012\u201134", {"9876501234"}),
        ("234 6789", {"2346789"}),
        ("23-46-78, 123", set()),
        ("0000000000, 1234567890, 99999999", set()),
    ],
)
def test_numbers_of_a_phone_column(text, found) -> None:
    assert personal_values.numbers(text) == found


@pytest.mark.parametrize(
    ("text", "number", "is_held"),
    [
        ("ring 0091 (98765) 01-234 now", "9876501234", True),
        ("x98765012341", "9876501234", True),
        ("987650 and 1234", "9876501234", False),
        ("234 6789", "2346789", True),
        ("44 234 6789", "2346789", True),
        ("12346789", "2346789", False),
        ("00000000-0000-4000-8987-650123400000", "9876501234", False),
        ("d41d8cd98765012349f00b204e980099", "9876501234", False),
        ("d41d8cd98765012349f00b204", "9876501234", True),  # too short for a hash
        ("12345678987650123456789012345678901234", "9876501234", True),  # digits alone are none
    ],
)
def test_numbers_within_texts(text, number, is_held) -> None:
    assert personal_values.holds(text, number) == is_held


def test_windows_are_of_lengths_that_somebody_has() -> None:
    assert sorted(personal_values.windows("22 333-4444 55555", ALL)) == sorted(
        ["2233344445", "2333444455", "3334444555", "3344445555", "3444455555", "223334444", "3334444", "444455555"]
    )
    assert personal_values.windows("2345678", {10}) == []
    assert personal_values.windows("12 345678901", {9}) == ["345678901"]


def test_hashes_are_found_however_they_came() -> None:
    known = Hashes(KEY)
    assert known.found(["a"]) == [] and len(known) == 0
    for texts in (["a", "b"], [], ["b", "c"]):
        known.add(texts)
    assert (len(known), known.found(["x", "c", "a", ""])) == (3, [1, 2])
    known.add(["x"])
    assert known.found(["x", "y", "a"]) == [0, 2]


def test_chance_is_of_numbers_that_begin_alike() -> None:
    known = Numbers(KEY)
    assert known.looked_up(["9876501234"]) == ([], 0)
    known.add(["9876501234", "9876501235", "5550100", "9876501234"])
    assert known.lengths == {7, 10}
    found, expected = known.looked_up(["9871111111", "9876501235", "8871111111", "5551234", "987654321"])
    assert found == [1]
    assert expected == pytest.approx(2 * 2 / 10**7 + 1 / 10**4)


def field(kind: str | None = "text", base: str = "text", is_array: bool = False) -> Field:
    return Field("t", "c", kind, base, is_array, is_text=base == "text", is_number=False, is_key=False)


def unmasked(of: Field, new, old) -> bool:
    return BatchColumn(of, [new]).unmasked(BatchColumn(of, [old])) == [0]


@pytest.mark.parametrize(
    ("of", "cell", "says"),
    [
        (field(), "a", True),
        (field(), "७", True),
        (field(), " -_. ", False),
        (field(), "", False),
        (field(), "infinity", True),
        (field("date", "date"), "infinity", False),
        (field("bytes", "bytea"), "\\x", False),
        (field("bytes", "bytea"), "\\x00", True),
        (field("ip", "inet"), "0.0.0.0/0", False),
        (field("number"), "000", False),
        (field("number"), "0010", True),
        (field("text"), "000", True),
        (field("id"), "123456", False),
        (field("id"), "1234567", True),
        (field("id"), "6f1d1a53-30a1-4b7c-9c3b-0b5b5b5b5b5b", False),
        (field("text"), "6f1d1a53-30a1-4b7c-9c3b-0b5b5b5b5b5b", True),
        (field("json"), '"a"', True),
        (field("json"), '"6f1d1a53-30a1-4b7c-9c3b-0b5b5b5b5b5b"', False),
        (field("json"), '"6f1d1a5330a14b7c9c3b0b5b5b5b5b5b"', True),
        (field("json"), "[true, null, 123456, 12345.60, 0.0, {}]", False),
        (field("json"), "[1234567]", True),
        (field("json"), "[1e6]", True),
        (field("json"), "[1e5]", False),
        (field("json"), "[1e-999999999]", True),
        (field("json"), "[0e999999999]", False),
        (field("json"), "[1e99999999999999999999]", True),
        (field("json"), "no document", True),
        (field(), ' {"a": 1}', False),  # a document in a text column
        (field(), "[note]", True),
        (field("json"), r'{"a": "{\"n\": [1, 2]}"}', False),
        (field("json"), r'{"a": "{\"n\": [1, \"b\"]}"}', True),
        (field("json"), '{"a": "x", "a": 1}', True),  # a name that comes twice
        (field("json"), "[" * 5000 + '"a"' + "]" * 5000, True),
        (field(is_array=True), ["-", None, ["a"]], True),
        (field(is_array=True), ["-", None], False),
    ],
)
def test_what_says_something_may_not_stay(of, cell, says) -> None:
    assert unmasked(of, cell, cell) == says


def test_what_became_null_is_masked() -> None:
    assert not unmasked(field(), None, "a") and not unmasked(field(), "a", None)
    assert not unmasked(field(is_array=True), [None], ["a"])


def test_texts_of_documents_are_read_from_all_their_depth() -> None:
    cells = ["plain", None, '{"a@x.in": ["b", {"c": "d"}], "n": 12345678}', "{no document"]
    texts, names = BatchColumn(field(), cells).texts()
    assert sorted(texts) == [(0, "plain"), (2, "12345678"), (2, "b"), (2, "d"), (3, "{no document")]
    assert sorted(names) == [(2, "a@x.in"), (2, "c"), (2, "n")]


def test_a_scan_that_compared_nothing_has_not_passed() -> None:
    counts = {"tables": 0, "rows": 0, "searched": 0, "cells": 0, "definitions": 0}
    empty = Scan("copy", "public", compared=(), **counts, originals={}, findings=())
    assert not empty.passed and not empty.to_dict()["passed"]
    assert replace(empty, compared=(ComparedColumn("t", "c", "text", "by key", 0),)).passed


def test_a_remedy_is_spelled_as_toml_wants_it() -> None:
    assert rule("users", "bio", "text") == '[tables.users] bio = "text" in config/mapping/masks.toml'
    assert rule('a "b"', "c d", "null").startswith('[tables."a \\"b\\""] "c d" = "null"')
