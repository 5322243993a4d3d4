"""One cell beside its original: the texts it is made of, and whether any of them still stands where it stood.

Laws
- A cell without a letter or a digit says nothing of anybody, masked or not; so do an empty bytea and an infinite time.
- Of a document only its strings count, and numbers of seven digits and more: UUIDs, short numbers, true, false and null
  stay as they are. A string counts where it stands: the same path, the same string.
- An array is compared element by element. What does not parse as a document is compared as a text.
"""

import json
import re
from collections.abc import Iterator

from checks.masked import Field

WORD = re.compile(r"[^\W_]")
UUID = re.compile(r"[{]?[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}[}]?", re.IGNORECASE)
ENDLESS = {"infinity", "-infinity"}
LONG_NUMBER = 7  # digits

Cell = str | list | None


class Number(str):
    """A number of a document, as it is written there."""


def is_telling(text: str, base: str = "text") -> bool:
    """Whether a cell's text may say anything of anybody."""
    if base == "bytea":
        text = text.removeprefix("\\x")
    return WORD.search(text) is not None and text not in ENDLESS


def is_unmasked(field: Field, new: Cell, old: Cell) -> bool:
    """Whether a masked cell, or a part of it, is its original still."""
    if field.kind == "null":
        return is_left(field, new)
    if new is None or old is None:
        return False
    if field.is_array:
        return any(_is_same(field, left, right) for left, right in zip(flat(new), flat(old), strict=False))
    return _is_same(field, new, old)


def _is_same(field: Field, new: str | None, old: str | None) -> bool:
    if new is None or old is None:
        return False
    if field.is_document:
        left, right = _parsed(new), _parsed(old)
        if left is not None and right is not None:
            known = dict(_scalars(right[0]))
            return any(known.get(path) == text for path, text in _scalars(left[0]))
    return new == old and is_telling(new, field.base)


def is_left(field: Field, cell: Cell) -> bool:
    """Whether a cell that was to be null holds something; a column that takes no null has an empty text."""
    return any(text is not None and is_telling(text, field.base) for text in flat(cell))


def flat(cell: Cell) -> Iterator[str | None]:
    """The elements of an array of whatever dimensions."""
    if isinstance(cell, list):
        for element in cell:
            yield from flat(element)
    else:
        yield cell


def parts(field: Field, cell: Cell) -> Iterator[str]:
    """The texts in a cell: itself, its elements, or the strings, long numbers and names of a document."""
    for text in flat(cell):
        document = _parsed(text) if text and field.is_document else None
        if document is None:
            if text:
                yield text
        else:
            yield from _names(document[0])
            yield from (scalar for _, scalar in _scalars(document[0]))


def telling(field: Field, cell: Cell) -> Iterator[str]:
    """The texts in a cell that a mask must change."""
    for text in flat(cell):
        document = _parsed(text) if text and field.is_document else None
        if document is not None:
            yield from (scalar for _, scalar in _scalars(document[0]))
        elif text and is_telling(text, field.base):
            yield text


def _parsed(text: str) -> tuple | None:
    """The document in a tuple of one, objects as tuples of their pairs, so that a name that comes twice stays."""
    try:
        return (json.loads(text, object_pairs_hook=tuple, parse_int=Number, parse_float=Number),)
    except (ValueError, RecursionError):
        return None


def _scalars(value, path: tuple = ()) -> Iterator[tuple[tuple, str]]:
    """(path, text) of what counts in a document."""
    if isinstance(value, Number):
        if sum(map(str.isdigit, value)) >= LONG_NUMBER:
            yield path, value
    elif isinstance(value, str):
        if WORD.search(value) and not UUID.fullmatch(value):
            yield path, value
    elif isinstance(value, list):
        for place, element in enumerate(value):
            yield from _scalars(element, (*path, place))
    elif isinstance(value, tuple):
        for name, element in value:
            yield from _scalars(element, (*path, name))


def _names(value) -> Iterator[str]:
    if isinstance(value, list):
        for element in value:
            yield from _names(element)
    elif isinstance(value, tuple):
        for name, element in value:
            yield name
            yield from _names(element)
