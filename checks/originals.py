"""The personal values of the source, as a scan remembers them: as hashes under a key that dies with it.

Laws
- No value is kept: eight bytes stand for it, and nobody can compute them again after the scan.
- Equal texts have equal hashes; that two of two millions meet by chance has odds of one to ten million.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
from psycopg import sql

from checks import cells, traces
from checks.masked import Field
from checks.pairs import Reader

WHOLE_KINDS = ("name", "email", "phone", "url")
SHORTEST_VALUE = 8  # characters; what is shorter is anybody's
FRESH = 1_000_000  # hashes that are gathered before they are sorted in: 8 MB


class Hashes:
    """A set of texts, some eight bytes each."""

    def __init__(self, key: bytes):
        self._key = key
        self._sorted = np.empty(0, np.uint64)
        self._fresh: list[np.ndarray] = []
        self._fresh_count = 0

    def add(self, texts: Sequence[str]) -> None:
        if texts:
            self._fresh.append(self._hashed(texts))
            self._fresh_count += len(texts)
        if self._fresh_count > FRESH:
            self._settle()

    def __len__(self) -> int:
        self._settle()
        return len(self._sorted)

    def found(self, texts: Sequence[str]) -> list[int]:
        """Positions of those texts that are in the set."""
        if not texts or not len(self):
            return []
        hashes = self._hashed(texts)
        places = np.searchsorted(self._sorted, hashes)
        places[places == len(self._sorted)] = 0
        return np.flatnonzero(self._sorted[places] == hashes).tolist()

    def _hashed(self, texts: Iterable[str]) -> np.ndarray:
        key = self._key
        digests = (blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=key).digest() for text in texts)
        return np.frombuffer(b"".join(digests), np.uint64)

    def _settle(self) -> None:
        if self._fresh:
            self._sorted = np.unique(np.concatenate([self._sorted, *self._fresh]))
            self._fresh, self._fresh_count = [], 0


def _phones(key: bytes) -> dict[int, Hashes]:
    return {length: Hashes(key) for length in range(traces.SHORTEST, traces.WHOLE + 1)}


@dataclass(frozen=True)
class Originals:
    """emails: every address in any text; phones: by their number of digits; values: whole names, URLs and the like."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    emails: Hashes = field(init=False)
    values: Hashes = field(init=False)
    phones: dict[int, Hashes] = field(init=False)

    def __post_init__(self) -> None:
        for name, made in (("emails", Hashes(self.key)), ("values", Hashes(self.key)), ("phones", _phones(self.key))):
            object.__setattr__(self, name, made)

    def add_phones(self, numbers: Iterable[str]) -> None:
        by_length: dict[int, list[str]] = {}
        for number in numbers:
            by_length.setdefault(len(number), []).append(number)
        for length, found in by_length.items():
            self.phones[length].add(found)

    @property
    def lengths(self) -> set[int]:
        """How many digits the numbers have."""
        return {length for length, hashes in self.phones.items() if len(hashes)}

    def density(self) -> dict[int, float]:
        """Digits → the odds that digits drawn at random are somebody's number."""
        return {length: len(self.phones[length]) / 10**length for length in self.lengths}

    def counts(self) -> dict[str, int]:
        return {
            "emails": len(self.emails),
            "phones": sum(map(len, self.phones.values())),
            "values": len(self.values),
        }

    def betrayed(self, text: str) -> bool:
        """Whether a text (a key that is to be shown) holds an address, a number or a value."""
        if any(True for _ in traces.emails(text)) or self.values.found([text]):
            return True
        lengths = self.lengths
        found = {window for run in traces.runs(text) for window in traces.windows(run, lengths)}
        return any(self.phones[len(window)].found([window]) and traces.holds(text, window) for window in found)


def gather(reader: Reader, schema: str, table: str, fields: Sequence[Field], originals: Originals) -> None:
    """Remember what the source's table holds: addresses of all its texts, and what its masked columns are about."""
    whole = [one for one in fields if one.kind in WHOLE_KINDS]
    texts = [one for one in fields if one.kind not in WHOLE_KINDS and one.is_text]
    if not whole and not texts:
        return
    for rows in reader.batches(_query(schema, table, whole, texts)):
        columns = list(zip(*rows, strict=True))
        for one, column in zip([*whole, *texts], columns, strict=True):
            _remember(one, [cell for cell in column if cell is not None], originals)


def _query(schema: str, table: str, whole: Sequence[Field], texts: Sequence[Field]) -> sql.Composed:
    """Cells in which an address may stand, whole columns, and only rows that have any of it."""
    chosen = [one.read() for one in whole]
    chosen += [
        sql.SQL("case when t.{}::text ~ {} then {} end").format(sql.Identifier(one.name), traces.AT, one.read())
        for one in texts
    ]
    names = [sql.Identifier(f"c{place}") for place in range(len(chosen))]
    return sql.SQL("select * from (select {} from {} as t offset 0) as x where {}").format(
        sql.SQL(", ").join(sql.SQL("{} as {}").format(*pair) for pair in zip(chosen, names, strict=True)),
        sql.Identifier(schema, table),
        sql.SQL(" or ").join(sql.SQL("{} is not null").format(name) for name in names),
    )


def _remember(field: Field, column: Sequence[cells.Cell], originals: Originals) -> None:
    parts = [part for cell in column for part in cells.parts(field, cell)]
    originals.emails.add([email for part in parts if traces.may_hold_email(part) for email in traces.emails(part)])
    if field.kind == "phone":
        originals.add_phones(number for part in parts for number in traces.numbers(part))
    if field.kind in WHOLE_KINDS:
        originals.values.add([part for cell in column for part in cells.telling(field, cell) if _is_value(field, part)])


def _is_value(field: Field, text: str) -> bool:
    """What stands for a number that is none (`not given`, 0000000000) is nobody's."""
    return len(text) >= SHORTEST_VALUE and (field.kind != "phone" or bool(traces.numbers(text)))
