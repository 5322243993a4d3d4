"""One cell beside its original: the texts it is made of, and whether any of them still stands where it stood.

Laws
- A cell without a letter or a digit says nothing of anybody, masked or not; so do an empty bytea, an infinite time, the
  network of all addresses, a number of zeros, and what a UUID or a short number refers to.
- Of a document only its strings count, and numbers of seven digits and more: UUIDs, short numbers, true, false and null
  stay as they are. A string counts where it stands: the same path, the same string.
- A text that is a document, an object or an array, is one in whatever column, and within another document; what is
  none is compared as a text.
- An array is compared element by element.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from checks.masked import Field

WORD = re.compile(r"[^\W_]")
UUID = re.compile(r"[{]?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}[}]?", re.IGNORECASE)
SHORT = re.compile(r"[0-9]{1,6}")  # of an id
NOTHING = re.compile(r"[0\W]*")  # as a number
STAYS = {"date": ("infinity", "-infinity"), "ip": ("0.0.0.0/0", "::/0")}
LONG_NUMBER = 7  # digits, of the number written out
LONGEST_EXPONENT = 1_000

Cell = str | list | None
Part = tuple[int, str]  # a row, and a text in its cell


class Number(str):
    """A number of a document, as it is written there."""


@dataclass(frozen=True)
class Document:
    """scalars: (path, text) of what counts; names: of its objects' members."""

    scalars: frozenset[tuple[tuple, str]]
    names: tuple[str, ...]


OPENING = frozenset("{[ \t\n\r")  # what a document begins with
# Objects become tuples of their pairs, so that a name that comes twice stays.
DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_int=Number, parse_float=Number)


def is_telling(field: Field, text: str) -> bool:
    """Whether a cell's text may say anything of anybody."""
    if field.base == "bytea":
        text = text.removeprefix("\\x")
    if text in STAYS.get(field.kind, ()) or field.kind == "id" and (UUID.fullmatch(text) or SHORT.fullmatch(text)):
        return False
    return WORD.search(text) is not None and not (field.kind == "number" and NOTHING.fullmatch(text))


def unmasked(field: Field, new: Sequence[Cell], old: Sequence[Cell]) -> list[int]:
    """Rows of a masked column whose cell, or a part of it, is its original still."""
    if field.kind == "null":
        return [row for row, cell in enumerate(new) if _is_left(field, cell)]
    return [row for row, (left, right) in enumerate(zip(new, old, strict=True)) if _is_unmasked(field, left, right)]


def _is_unmasked(field: Field, new: Cell, old: Cell) -> bool:
    if not new or not old:
        return False
    if field.is_array:
        return any(_is_same(field, left, right) for left, right in zip(flat(new), flat(old), strict=False))
    return _is_same(field, new, old)


def _is_same(field: Field, new: str | None, old: str | None) -> bool:
    left, right = _document(field, new), _document(field, old)
    if left and right:
        return not left.scalars.isdisjoint(right.scalars)
    return new == old and new is not None and is_telling(field, new)


def _is_left(field: Field, cell: Cell) -> bool:
    """Whether a cell that was to be null holds something; a column that takes no null has an empty text."""
    return any(text is not None and is_telling(field, text) for text in flat(cell))


def flat(cell: Cell) -> Iterator[str | None]:
    """The elements of an array of whatever dimensions."""
    if isinstance(cell, list):
        for element in cell:
            yield from flat(element)
    else:
        yield cell


def texts(field: Field, column: Iterable[Cell]) -> tuple[list[Part], list[Part]]:
    """What a column's cells are made of, with their rows: texts, elements, a document's scalars; and the names that
    stand in documents."""
    found, names = [], []
    for row, cell in enumerate(column):
        if not cell:
            continue
        if isinstance(cell, str) and not _may_be_document(field, cell):
            found.append((row, cell))
            continue
        for text in flat(cell):
            document = _document(field, text)
            if document:
                found += [(row, scalar) for _, scalar in document.scalars]
                names += [(row, name) for name in document.names]
            elif text:
                found.append((row, text))
    return found, names


def telling(field: Field, column: Iterable[Cell]) -> list[Part]:
    """The texts of a column's cells that a mask must change, with their rows."""
    return [part for part in texts(field, column)[0] if is_telling(field, part[1])]


def _may_be_document(field: Field, text: str) -> bool:
    return field.is_document or (text[0] in OPENING and field.is_text)


def _document(field: Field, text: str | None) -> Document | None:
    if not text or not _may_be_document(field, text):
        return None
    try:
        value = DECODER.decode(text) if field.is_document else _parsed(text)
        if field.is_document or value is not None:
            return Document(frozenset(_scalars(value)), tuple(_names(value)))
    except (ValueError, RecursionError):  # too deep: a text, then
        pass
    return None


def _parsed(text: str) -> list | tuple | None:
    """The object or array that a text is."""
    if text[:1] not in OPENING:
        return None
    try:
        value = DECODER.decode(text)
    except ValueError:
        return None
    return value if isinstance(value, list | tuple) else None


def _scalars(value, path: tuple = ()) -> Iterator[tuple[tuple, str]]:
    """(path, text) of what counts in a document."""
    if isinstance(value, Number):
        if _is_long(value):
            yield path, value
    elif isinstance(value, str):
        inner = _parsed(value)
        if inner is not None:
            yield from _scalars(inner, (*path, ""))
        elif WORD.search(value) and not UUID.fullmatch(value):
            yield path, value
    elif isinstance(value, list):
        for place, element in enumerate(value):
            yield from _scalars(element, (*path, place))
    elif isinstance(value, tuple):
        for name, element in value:
            yield from _scalars(element, (*path, name))


def _is_long(number: Number) -> bool:
    """1e6 and 1234567 are long, 0.1000000 is not."""
    if len(number) < LONG_NUMBER and "e" not in number.lower():
        return False
    try:
        plain = Decimal(number).normalize()
    except ArithmeticError:
        return True
    return abs(plain.adjusted()) > LONGEST_EXPONENT or sum(map(str.isdigit, f"{plain:f}")) >= LONG_NUMBER


def _names(value) -> Iterator[str]:
    if isinstance(value, list):
        for element in value:
            yield from _names(element)
    elif isinstance(value, tuple):
        for name, element in value:
            yield name
            yield from _names(element)
    elif isinstance(value, str) and (inner := _parsed(value)) is not None:
        yield from _names(inner)
