"""One cell beside its original: its texts, and whether any of them is still at its place.

Laws
- Some values identify nobody and count for nothing: cells without a letter or a digit, an empty bytea, an infinite
  time, the network of all addresses, a number of zeros, UUIDs and short numbers.
- Of a document only its strings count, and numbers of seven digits and more: UUIDs, short numbers, true, false and null
  stay as they are. A string counts where it stands: the same path, the same string.
- A text that is a JSON object or array is read as a document in any column, and within another document; any other is
  compared as a text.
- An array is compared element by element.
- In a column of codes, a short word is a code and stays; all else must change.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from checks.scan import personal_values
from checks.scan.columns import Field

WORD = re.compile(r"[^\W_]")
UUID = re.compile(r"[{]?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}[}]?", re.IGNORECASE)
UUID_LENGTHS = (36, 38)
SHORT = re.compile(r"[0-9]{1,6}")  # of an id
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+&-]{0,39}")
LINK = re.compile("://")
NOTHING = re.compile(r"[0\W]*")  # as a number
STAYS: dict[str | None, tuple[str, ...]] = {"date": ("infinity", "-infinity"), "ip": ("0.0.0.0/0", "::/0")}
LONG_NUMBER = 7  # digits, of the number written out
LONGEST_EXPONENT = 1_000

Cell = str | list[Any] | None  # a text, or an array of such of whatever dimensions
Path = tuple[Any, ...]  # (the path above, name or place)
TextPart = tuple[int, str]  # a row, and a text in its cell


class Number(str):
    """A number of a document, as it is written there."""

    __slots__ = ()


OPENING = frozenset("{[ \t\n\r")  # what a document begins with
# Objects become tuples of their pairs, so that a name that comes twice stays.
DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_int=Number, parse_float=Number)


@dataclass
class Document:
    """scalars: (path, text) of what counts, a path being (the path above, name or place); names: of members."""

    scalars: list[tuple[Path, str]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def read(self, value: object, path: Path = ()) -> None:
        """Take in a value of the document, and all in it. Errors: RecursionError."""
        if isinstance(value, str):
            self._read_scalar(value, path)
        elif isinstance(value, list):
            for place, element in enumerate(value):
                self.read(element, (path, place))
        elif isinstance(value, tuple):
            for name, element in value:
                self.names.append(name)
                self.read(element, (path, name))

    def _read_scalar(self, value: str, path: Path) -> None:
        if isinstance(value, Number):
            if _is_long(value):
                self.scalars.append((path, value))
        elif value[:1] in OPENING and (inner := _container(value)) is not None:
            self.read(inner, (path, ""))
        elif WORD.search(value) and not is_uuid(value):
            self.scalars.append((path, value))

    def shares(self, other: "Document") -> bool:
        """Whether both documents have an equal value at an equal path."""
        return not set(self.scalars).isdisjoint(other.scalars)


class BatchColumn:
    """A column of a batch, its documents parsed once."""

    def __init__(self, of: Field, cells: Sequence[Cell]):
        self.field, self.cells = of, cells
        self._pieces: dict[int, list[str | Document | None]] = {}

    def texts(self) -> tuple[list[TextPart], list[TextPart]]:
        """Texts and a documents' scalars, with their rows; and the names of members."""
        made_up = set(self._made_up)
        plain = ((row, cell) for row, cell in enumerate(self.cells) if row not in made_up)
        found = [(row, cell) for row, cell in plain if cell and isinstance(cell, str)]
        names: list[TextPart] = []
        for row in made_up:
            for piece in self.pieces(row):
                if isinstance(piece, Document):
                    found += [(row, text) for _, text in piece.scalars]
                    names += [(row, name) for name in piece.names]
                elif piece:
                    found.append((row, piece))
        return found, names

    def telling(self) -> list[TextPart]:
        """The texts that a mask must change, with their rows."""
        return [part for part in self.texts()[0] if is_telling(self.field, part[1])]

    def filled(self) -> list[int]:
        """Rows with something in them, of a column of kind null; one that takes no null has an empty text."""
        return sorted({row for part in self.texts() for row, text in part if is_telling(self.field, text)})

    def unmasked(self, old: "BatchColumn") -> list[int]:
        """Rows whose cell, or a part of it, is its original still. old: the originals."""
        same = [row for row, (new, was) in enumerate(zip(self.cells, old.cells, strict=True)) if new == was]
        rows = sorted({*same, *self._made_up})
        return [row for row in rows if any(map(self._is_same, self.pieces(row), old.pieces(row)))]

    def pieces(self, row: int) -> list[str | Document | None]:
        """What a cell is made of: one text or document, or those of an array."""
        if row not in self._pieces:
            self._pieces[row] = [_read(self.field, text) for text in _flat(self.cells[row])]
        return self._pieces[row]

    @cached_property
    def _made_up(self) -> list[int]:
        """Rows whose cell may be more than a text."""
        if self.field.is_array or self.field.is_document:
            return [row for row, cell in enumerate(self.cells) if cell]
        return [row for row, cell in enumerate(self.cells) if cell and cell[0] in OPENING]

    def _is_same(self, new: str | Document | None, old: str | Document | None) -> bool:
        if isinstance(new, Document) and isinstance(old, Document):
            return new.shares(old)
        return isinstance(new, str) and new == old and is_telling(self.field, new)


def is_uuid(text: str) -> bool:
    return len(text) in UUID_LENGTHS and UUID.fullmatch(text) is not None


def is_code(text: str) -> bool:
    """Whether a program may know the text: one short word without a long number."""
    if is_uuid(text):
        return True
    return CODE.fullmatch(text) is not None and not LINK.search(text) and not personal_values.runs(text)


def is_telling(of: Field, text: str) -> bool:
    """Whether a text in a cell may identify somebody."""
    if of.base == "bytea":
        text = text.removeprefix("\\x")
    if of.kind == "code" and is_code(text):
        return False
    if text in STAYS.get(of.kind, ()) or (of.kind == "id" and (is_uuid(text) or SHORT.fullmatch(text))):
        return False
    return WORD.search(text) is not None and not (of.kind == "number" and NOTHING.fullmatch(text))


def _flat(cell: Cell) -> Iterator[str | None]:
    """The elements of an array of whatever dimensions."""
    if isinstance(cell, list):
        for element in cell:
            yield from _flat(element)
    else:
        yield cell


def _read(of: Field, text: str | None) -> str | Document | None:
    if not text or not (of.is_document or (text[0] in OPENING and of.is_text)):
        return text
    try:
        value = DECODER.decode(text) if of.is_document else _container(text)
        if value is None and not of.is_document:
            return text
        document = Document()
        document.read(value)
        return document
    except (ValueError, RecursionError):  # no document, or one too deep
        return text


def _container(text: str) -> list[Any] | tuple[Any, ...] | None:
    """The object or array that a text is."""
    try:
        value = DECODER.decode(text)
    except ValueError:
        return None
    return value if isinstance(value, list | tuple) else None


def _is_long(number: Number) -> bool:
    """1e6 and 1234567 are long, 0.1000000 is not."""
    if number.isdigit():
        return len(number) >= LONG_NUMBER
    if len(number) < LONG_NUMBER and "e" not in number.lower():
        return False
    try:
        exact = Decimal(number)
    except ArithmeticError:  # an exponent beyond all bounds
        return True
    if abs(exact.adjusted()) > LONGEST_EXPONENT:
        return bool(exact)
    return sum(map(str.isdigit, f"{exact.normalize():f}")) >= LONG_NUMBER
