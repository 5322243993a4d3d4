"""What the masks make of JSON: what is somebody's is masked, the rest stays to the letter, in whatever depth."""

import json
import re

import pytest

from tests.unit.transforms.masks.masker import UUID, masked
from transforms.masks import Masker, documents


def test_a_document_keeps_everything_but_what_is_somebodys():
    text = (
        '{"status": "draft", "n":1.10 , "rate" : 123456, "ok": true, "none": null, "id": "' + UUID + '",\n'
        '"mail":"asha@x.in", "phone": "+91 98765 43210", "call": 9876543210, "day": "1990-02-03T10:00:00Z",'
        '"ip": "192.0.2.5", "empty": "", "deep": [[["x"]]], "9876543210": 1, "inner": "{\\"a\\": \\"b\\"}"}'
    )
    new = masked("json", text)
    old_value, value = json.loads(text), json.loads(new)
    kept = ["n", "rate", "ok", "none", "id", "empty"]
    assert [value[name] for name in kept] == [old_value[name] for name in kept]
    assert '"n":1.10 , "rate" : 123456,' in new
    assert [value["mail"], value["phone"], value["ip"], value["day"]] == [
        masked("email", "asha@x.in"), masked("phone", "+91 98765 43210"), masked("ip", "192.0.2.5"),
        masked("date", "1990-02-03T10:00:00Z"),
    ]  # fmt: skip
    assert list(value)[:12] == list(old_value)[:12]
    assert list(value)[13] == masked("phone", "9876543210")
    assert re.fullmatch(r"[1-9]\d{9}", str(value["call"])) and value["call"] != 9876543210
    assert list(json.loads(value["inner"])) == ["a"] and json.loads(value["inner"])["a"] != "b"


@pytest.mark.parametrize(
    "text",
    ["12345678", "12345678.50", "-0.00000012", "1e309", "1.5E+9", "12e-9", "9" * 5000, "100000000", "1e" + "9" * 5000],
)
def test_a_long_number_keeps_its_spelling_and_its_size(text):
    new = masked("json", text)
    assert documents.is_json(new) and new != text
    assert re.sub("[0-9]", "0", new) == re.sub("[0-9]", "0", text)
    assert re.search("[eE].*|$", new)[0] == re.search("[eE].*|$", text)[0]


def test_numbers_that_are_equal_stay_equal():
    new = [masked("json", text) for text in ("12345678", "12345678.0", "12345678.00", "1234567.8e1")]
    assert len({float(text) for text in new}) == 1


@pytest.mark.parametrize(
    "text", ["0", "-0.0", "999999", "0.10", "1.10000000", "1e5", "true", "null", "[]", '{"a": 1}', '""']
)
def test_what_says_nothing_in_a_document_stays(text):
    assert masked("json", text) == text


@pytest.mark.parametrize(
    "text",
    [
        "007",
        "nope",
        "{",
        "[1,]",
        "{'a': 1}",
        '{"a" 1}',
        '"a',
        "[1}",
        '{"a":1]',
        "NaN",
        "1.",
        "+1",
        "[1 2]",
        '{"a":1}}',
        "tru",
        '"\x01"',
        "1e",
        "]",
    ],
)
def test_what_is_no_document_becomes_none(text):
    assert not documents.is_json(text)
    for n in range(30):
        new = Masker(b"%d" % n).function("json")(text)
        assert not documents.is_json(new)
        assert new != text or not re.search(r"\w", text)


def test_escapes_in_a_document_stay_escapes():
    new = masked("json", r'["\u00e9tat", "a\/b", "x\u0000y", "\ud800z", "q\"\\\n", "\ud83d\ude00k"]')
    assert re.fullmatch(
        r'\["\\u00[a-f0-9]{2}[a-z]{3}", "[a-z]\\/[a-z]", "[a-z]\\u0000[a-z]", "\\ud800[a-z]", "[a-z]\\"\\\\\\n", '
        r'"\\ud83d\\ude00[a-z]"\]',
        new,
    )


def test_documents_of_any_depth():
    head, tail = '[{"a":' * 50_000, "}]" * 50_000
    assert masked("json", f'{head}"x"{tail}') == f'{head}"{masked("text", "x")}"{tail}'


def test_a_document_fits_its_column():
    text = '{"mail": "a@x.in"}'
    assert len(masked("json", text)) > len(text) == len(masked("json", text, 18))


def test_a_document_in_a_text_column_is_a_document():
    assert masked("text", '{"a": "Asha"}') == masked("json", '{"a": "Asha"}')
    assert documents.is_json(masked("name", '["Asha"]'))
