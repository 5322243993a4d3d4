"""JSON texts for jsonb: read exactly, written unchanged, and put under a name as a string if jsonb does not take them.

Laws
- Numbers keep every digit and sign (1.10 is 1.10); two of one value are equal.
- A text that jsonb does not take is never lost: it becomes a string under a name in an object, and is noted.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import accumulate

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from transforms import steps

MAX_DEPTH = 100  # of JSON that is searched; Python allows some 1000 calls, and a level takes three
MOST_DIGITS, MOST_DECIMALS = 131_072, 16_383  # of a numeric, before the point and behind it
MOST_EXPONENT = 2**30 - 1  # that numeric reads, even of zero
_MAY_BE_HUGE = re.compile("[eE][+-]?[0-9]{4}|[0-9]{10000}")
_MAY_NOT_FIT = r"\\u|[eE][+-]?[0-9]{4}|[0-9]{1000}"  # of what is JSON; RE2 counts to 1000


@dataclass(frozen=True, slots=True, eq=False)
class Number:  # noqa: PLW1641 (none is the key of anything)
    """A JSON number as it is written; equal to every number of the same value, and to nothing else."""

    text: str

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Number):
            return False
        return self.text == other.text or Decimal(self.text) == Decimal(other.text)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


# Made once: json.loads and json.dumps make theirs anew at every call that has options.
_EXACT = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=_refuse)
_PLAIN = json.JSONEncoder(ensure_ascii=False)


def quoted(text: str) -> str:
    """The text as a JSON string."""
    return _PLAIN.encode(text)


def read(text: str) -> object:
    """The JSON document of a text, its numbers exact. ValueError: it is none."""
    return _EXACT.decode(text)


def depth(text: str) -> int:
    """How deep a JSON text is nested at most; exact where it could be more than MAX_DEPTH."""
    opened = text.count("{") + text.count("[")
    if opened <= MAX_DEPTH:
        return opened
    signs = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    return max(accumulate((sign in "{[") - (sign in "}]") for sign in signs))


def written(value: object) -> str:
    """The JSON text of a document that `read` gave."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(name)}: {written(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return _PLAIN.encode(value)


def taken(texts: pd.Series, is_json: bool = False) -> pd.Series:
    """Which texts jsonb takes; null is one. is_json: all are known to be JSON, so few need to be read."""
    looked_at = texts.notna()
    if is_json:
        looked_at &= steps.mask(pc.match_substring_regex(steps.arrow(texts), _MAY_NOT_FIT), texts.index)
    refused = [not is_taken(text) for text in texts[looked_at].tolist()]
    return pd.Series(~texts.index.isin(texts.index[looked_at][refused]), index=texts.index)


def is_taken(text: str) -> bool:
    """Whether jsonb takes the text."""
    try:
        return fits(read(text), text)
    except RecursionError:
        return True  # as far as it could be read
    except ValueError:
        return False


def under(name: str, texts: pd.Series, is_json: pd.Series) -> pd.Series:
    """An object for each text, which holds it under the name: as JSON if it is JSON, else as a string."""
    pairs = zip(texts.tolist(), is_json.tolist(), strict=True)
    held = (text if is_one else quoted(text) for text, is_one in pairs)
    return steps.text(pa.array([f"{{{quoted(name)}: {each}}}" for each in held], pa.string()), texts.index)


def fits(document: object, text: str) -> bool:
    """Whether jsonb can hold a document with this text: it has no NUL, no half of a surrogate pair, and no number of
    more digits or decimals than numeric has."""
    if "\\u" in text and any("\0" in each or any("\ud800" <= c <= "\udfff" for c in each) for each in _texts(document)):
        return False
    return not _MAY_BE_HUGE.search(text) or all(map(_is_numeric, _numbers(document)))


def _is_numeric(number: Number) -> bool:
    try:
        value = Decimal(number.text)
    except InvalidOperation:
        return False
    exponent = value.as_tuple().exponent
    if isinstance(exponent, str):  # of what is no number, which JSON has no way to write
        return False
    return -MOST_DECIMALS <= exponent <= MOST_EXPONENT and (not value or value.adjusted() < MOST_DIGITS)


def _numbers(document: object) -> Iterator[Number]:
    if isinstance(document, Number):
        yield document
    elif isinstance(document, dict | list):
        for value in document.values() if isinstance(document, dict) else document:
            yield from _numbers(value)


def _texts(document: object) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        yield from document
        for value in document.values():
            yield from _texts(value)
    elif isinstance(document, list):
        for value in document:
            yield from _texts(value)
