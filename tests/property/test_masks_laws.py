"""The laws of masks over drawn values: distinct stays distinct, valid stays valid, nothing stays where it was."""

import ipaddress
import json
import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from transforms.masks import Masker, documents, shapes
from transforms.masks.keyed import Keyed
from transforms.masks.letters import of_text

many = settings(max_examples=40, deadline=None)
keys = st.binary(min_size=1, max_size=4)

# Few signs, so that values of one form meet often.
texts = st.one_of(
    st.text("ab1 ", min_size=1, max_size=4),
    st.text("aB-.@:/é1", min_size=1, max_size=12),
    st.text("0123456789 +-.()", min_size=1, max_size=16),
    st.text('[]{}",:01tru\\', min_size=1, max_size=12),
    st.text(min_size=1, max_size=30),
)
plain = st.characters(codec="utf-8", exclude_characters="\0")
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
octets = st.integers(0, 300)
quads = st.builds("{}.{}.{}.{}{}".format, octets, octets, octets, octets, st.sampled_from(["", "/8", "/24", "/33"]))
days = st.builds("{:04}-{:02}-{:02}".format, st.sampled_from([1, 1999, 2000, 9999, 12000]), octets, octets)
dates = st.dates().map(str) | days
emails = st.builds(
    "{}@{}".format, st.text("aAb.+1", min_size=1, max_size=6), st.sampled_from(["x.in", "X.in", "y.org"])
)
urls = st.builds("{}{}{}".format, st.sampled_from(["https://x.in", "HTTP://X.in:80", "//a", ""]), texts, texts)
names = st.lists(st.text("abBé.1", min_size=1, max_size=6), min_size=1, max_size=4).map(" ".join)
values = {
    "text": texts | emails | quads | dates | urls,
    "email": emails | texts,
    "phone": st.from_regex(r"[+]?[0-9][0-9 ()-]{0,14}", fullmatch=True) | texts,
    "name": names | texts,
    "id": texts | st.uuids().map(str),
    "ip": quads | st.ip_addresses().map(str) | texts,
    "url": urls | texts,
    "date": dates | texts,
    "number": st.integers(0, 10**20).map(str) | texts,
    "json": json_values.map(lambda value: json.dumps(value, ensure_ascii=False)) | texts,
}


each_kind = pytest.mark.parametrize("kind", values)
JUDGES = {
    "email": shapes.LOOSE_EMAIL.fullmatch,
    "ip": shapes.is_address,
    "date": shapes.day_of,
    "json": documents.is_json,
    "phone": shapes.is_phone,
    "number": shapes.NUMBER.fullmatch,
}


def drawn(data: st.DataObject, kind: str) -> list[str]:
    return data.draw(st.lists(values[kind], min_size=1, max_size=12, unique=True))


@each_kind
@many
@given(keys, st.data())
def test_distinct_values_stay_distinct(kind, key, data):
    found, mask = drawn(data, kind), Masker(key).function(kind)
    assert len(set(map(mask, found))) == len(found)


@each_kind
@many
@given(keys, st.data())
def test_nothing_that_says_something_stays(kind, key, data):
    mask = Masker(key).function(kind)
    for text in drawn(data, kind):
        is_document = documents.is_json(text.strip() or "x")
        says_nothing = not any(map(str.isalnum, text)) or (kind == "number" and not text.strip().strip("-0."))
        assert mask(text) != text or says_nothing or is_document or kind == "id"


@each_kind
@many
@given(st.data())
def test_no_mask_outgrows_its_column(kind, data):
    found = drawn(data, kind)
    longest = max(map(len, found))
    mask = Masker(b"k").function(kind, longest)
    assert all(len(mask(text)) <= longest for text in found)


@pytest.mark.parametrize("kind", JUDGES)
@many
@given(keys, st.data())
def test_what_is_valid_stays_valid_and_what_is_not_does_not_become_so(kind, key, data):
    mask = Masker(key).function(kind)
    for text in filter(str.strip, drawn(data, kind)):
        assert bool(JUDGES[kind](mask(text).strip())) == bool(JUDGES[kind](text.strip())), text


@many
@given(keys, st.text(plain, min_size=1, max_size=200))
@example(b"k", "ß" * 40)
def test_a_text_keeps_lengths_and_what_is_no_letter(key, text):
    new = Masker(key)._plain(text)
    assert (len(new), len(new.encode())) == (len(text), len(text.encode()))
    assert all(new[at] == char for at, char in enumerate(text) if of_text()[char] is None)
    assert all(of_text()[new[at]][0] == found[0] for at, char in enumerate(text) if (found := of_text()[char]))


@many
@given(keys, st.text("aBcÉжЖ1 .-", min_size=1, max_size=60))
def test_case_does_not_matter_to_a_text(key, text):
    mask = Masker(key)._plain
    assert mask(text).lower() == mask(text.lower())


@many
@given(keys, st.lists(st.integers(2, 12), min_size=1, max_size=4))
def test_a_grid_is_permuted_and_no_point_stays(key, sizes):
    keyed, points = Keyed(key), [()]
    for size in sizes:
        points = [(*point, place) for point in points for place in range(size)]
    points = points[:600] if len(points) > 2000 else points
    moved = [tuple(keyed.moved("t", point, sizes)) for point in points]
    assert len(set(moved)) == len(points)
    assert all(old != new for old, new in zip(points, moved, strict=True))
    assert all(0 <= place < size for point in moved for place, size in zip(point, sizes, strict=True))


@many
@given(st.ip_addresses(v=4), st.ip_addresses(v=4))
def test_addresses_are_permuted_like_numbers(one, other):
    mask = Masker(b"k").function("ip")
    masked = ipaddress.ip_address(mask(str(one))), ipaddress.ip_address(mask(str(other)))
    assert (masked[0] == masked[1]) == (one == other)


@many
@given(st.text(plain, max_size=60).filter(lambda text: not text.startswith(("{", "["))), json_values)
def test_documents_are_read_as_python_reads_them(text, value):
    for each in (text, json.dumps(value, ensure_ascii=False), json.dumps(value) + text[:1]):
        try:
            json.loads(each, parse_constant=_refuse)
            is_json = True
        except ValueError:
            is_json = False
        assert documents.is_json(each) == is_json


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def test_thousands_of_short_values_stay_distinct_under_any_case():
    mask = Masker(b"k").function("text")
    codes = [f"{a}{b}-{n}" for a in "aBcDe" for b in "xYz" for n in range(200)]
    new = [mask(code) for code in codes]
    assert len({text.lower() for text in new}) == len(codes)
    assert not set(map(tuple, pairwise(new))) & set(pairwise(codes))
    assert all(re.fullmatch("[a-z]{2}-[0-9]{1,3}", text, re.IGNORECASE) for text in new)
