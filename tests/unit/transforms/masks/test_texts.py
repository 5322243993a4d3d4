"""What masks make of texts: short, long, odd, and such as say nothing."""

import re
import unicodedata
import zlib

import pytest

from tests.unit.transforms.masks.masker import MASKER, masked
from transforms.masks import Masker, documents

NAUGHTY = [
    "NULL", r"\N", "line one\nline two", "tab\there", "carriage\r\nreturn", "O'Brien said \"hi\"", "back\\slash\\",
    '{"a": "1"}', '{NULL,"x"}', "%s %d %%", "<b>bold</b> & more", "'; drop table users; --", "Ünïcödé – Zürich",
    "日本語のテキスト", "مرحبا بالعالم", "zero\u200bwidth", "bell\x07", "\ufeffbom", "e\u0301 is not \u00e9",
    "leading and trailing", "NaN", "1e309", "true", "long " * 1200, "½", "ǅ", "ß", "7", "x", "😀 hi 👩‍👩‍👧",
    "नमस्ते दुनिया", "ⅣⅧ", "٣٤٥", "\U0001e922", "𝟘𝟙",
]  # fmt: skip


def test_a_mask_hangs_on_its_key_and_on_nothing_else():
    again, other = Masker(b"a key of the tests"), Masker(b"another")
    for kind in ("email", "phone", "name", "text", "ip", "url", "date", "bytes"):
        assert again.function(kind)("1990-02-03") == masked(kind, "1990-02-03")
    assert other.function("text")("a sentence of some length") != masked("text", "a sentence of some length")


def test_an_empty_key_is_refused():
    with pytest.raises(ValueError, match="key"):
        Masker(b"")


@pytest.mark.parametrize("kind", ["null", "unknown", "function", ""])
def test_what_masks_no_value_is_refused_by_name(kind):
    with pytest.raises(ValueError, match=r"cannot|no value"):
        MASKER.function(kind)


def test_keep_keeps():
    assert masked("keep", "a@b.co") == "a@b.co"


@pytest.mark.parametrize(
    "kind", ["email", "phone", "name", "text", "id", "ip", "url", "json", "date", "number", "bytes"]
)
@pytest.mark.parametrize("blank", ["", " ", "\n\t ", "...", "-", "😀", "\u200d", "🏳️‍🌈", r"\."])
def test_what_says_nothing_stays(kind, blank):
    assert masked(kind, blank) == blank


@pytest.mark.parametrize("kind", ["email", "phone", "name", "text", "ip", "url", "json"])
@pytest.mark.parametrize("text", NAUGHTY)
def test_no_odd_text_survives_or_is_lost(kind, text):
    new = masked(kind, text)
    assert new and (new != text or documents.is_json(text))
    assert masked(kind, f" {text}\n") == f" {new}\n"
    assert masked(kind, text) == new


@pytest.mark.parametrize("text", NAUGHTY)
def test_a_text_keeps_its_form(text):
    new = masked("text", text)
    assert len(new) == len(text)
    assert len(new.encode()) == len(text.encode())
    for old, char in zip(text, new, strict=True):
        assert unicodedata.category(char) == unicodedata.category(old)
        assert (char == old) or unicodedata.category(old)[0] in "LNM"


def test_a_text_is_the_same_letters_in_whatever_case_and_with_whatever_signs():
    assert masked("text", "hello world") == masked("text", "HELLO WORLD").lower()
    assert masked("text", "Hello-World") == masked("text", "Hello World").replace(" ", "-")
    long = "A sentence that is too long to be permuted, as most are. "
    assert masked("text", long.upper()).lower() == masked("text", long).lower()


def test_no_letter_of_a_long_text_stays():
    text = "The quick brown fox jumps over 13 lazy dogs, über Äcker और खेत. " * 7
    pairs = zip(text, masked("text", text), strict=True)
    assert [old for old, new in pairs if old == new and old.isalnum()] == []


@pytest.mark.parametrize("kind", ["text", "name", "hex", "bytes", "url", "email", "json", "number", "phone"])
@pytest.mark.parametrize(
    "unit", ["a", "7", "नि", "The lazy dog of 1999 met asha@example.org, at last. ", "0123456789abcdef"]
)
def test_a_very_long_text_is_as_easily_compressed_as_it_was(kind, unit):
    """An index takes it compressed; two that differ in a letter differ still, and no word shows."""
    text = (unit * 100_000)[:200_000]
    text = "\\x" + text.encode().hex() if kind == "bytes" else text
    new = masked(kind, text)
    assert len(new) == len(text) and new != text and "asha" not in new and "lazy" not in new
    assert len(zlib.compress(new.encode(), 1)) <= 2 * len(zlib.compress(text.encode(), 1)) + 100
    assert masked(kind, text[:-1] + "b") != masked(kind, text[:-1] + "c")


@pytest.mark.parametrize("text", [r'["\uGGGG' + "x" * 600 + '"]', "[012" + ", 0" * 300 + "]", "[" * 600, "9" * 600])
def test_a_very_long_text_that_is_no_document_becomes_none(text):
    assert not documents.is_document(masked("json", text)) and not documents.is_document(masked("text", text))


@pytest.mark.parametrize("length", [1_000_000, 21, 40])
def test_texts_of_any_length(length):
    for letter in ("a", "नि", "."):
        text = letter * length
        assert len(masked("text", text)) == len(text)


def test_numbers_in_long_texts_are_nobodys():
    new = masked("text", "You can call me on +91 98765 43210 or on (022) 2345-6789, at any time of the day.")
    assert re.findall(r"\d[\d ()-]{6,}\d", new)[0].startswith("00 0")
    assert re.search(r"\(000\) \d{4}-\d{4}", new)


def test_numbers_and_addresses_in_short_texts_are_masked_by_themselves():
    """Permuted by itself, none can stay; permuted with what stands around it, one in ten millions would."""
    number = masked("text", "5554567")
    assert number != "5554567"
    assert [masked("text", text)[-7:] for text in ("to 5554567", "T-5554567", "x@y 5554567")] == [number] * 3
    assert len({masked("text", f"{word} a@b.co")[-6:] for word in ("to", "by", "cc", "hi")}) == 1
