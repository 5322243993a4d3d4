"""The rows of one table as they are streamed, alone or beside their originals.

Laws
- Rows come in the order of a key that both servers sort alike, so each side is read once, and nothing is kept but the
  batch at hand. A batch holds some megabytes, however wide its rows.
- Only those parts of a row's key may be shown that can identify nobody, by their type or their form.
- A request to stop takes effect between two batches.
"""

import itertools
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import psycopg
from psycopg import sql

from checks.scan.cells import Cell, is_code
from checks.scan.columns import Field, PairingKey
from config.errors import Interrupted
from config.postgres.types import INTEGERS, TIMES

FIRST_ROWS, MOST_ROWS = 100, 2_000  # of a batch
BATCH_CHARS = 4_000_000
SAMPLED = 16  # one row of so many is weighed

HIDDEN = "…"  # in place of a part of a key
NOBODYS = INTEGERS | TIMES | {"uuid", "bool"}
SMALL = re.compile(r"-?(?:[0-9]\.?){1,6}")  # a number too short for a phone
# Of any other type, too short a number, or a UUID.
PLAIN = re.compile(r"[0-9]{1,6}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

Fetched = tuple[Any, ...]  # a row: the parts of its key, then its cells
ShownKey = tuple[str | int, ...]  # the parts of a key


class ShownKeys(Sequence[ShownKey]):
    """The keys of some rows, each made when it is asked for: what may be shown of its parts, HIDDEN for the others."""

    def __init__(self, rows: Sequence[Fetched], key: PairingKey | None):
        self._rows, self._bases = rows, key.bases if key else None
        self._codes = key.codes if key else ()

    def is_masked(self, place: int) -> bool:
        """Whether a row's key was masked, for a part of it that may only hold codes holds none."""
        return not all(is_code(str(_text(self._rows[place][part]))) for part in self._codes)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> ShownKey: ...

    @overload
    def __getitem__(self, place: slice) -> list[ShownKey]: ...

    def __getitem__(self, place: int | slice) -> ShownKey | list[ShownKey]:
        if isinstance(place, slice):
            return [self._shown(row) for row in self._rows[place]]
        return self._shown(self._rows[place])

    def _shown(self, row: Fetched) -> ShownKey:
        parts = [_text(part) for part in row]
        if self._bases is None:  # where the row lies in its table
            return (parts[0],)
        return tuple(map(_part, parts, self._bases))


def _text(part: str | int | bytes) -> str | int:
    return part.decode() if isinstance(part, bytes) else part


def _part(part: str | int, base: str) -> str | int:
    is_plain = base in NOBODYS or (SMALL if base == "numeric" else PLAIN).fullmatch(str(part))
    return part if is_plain else HIDDEN


@dataclass(frozen=True)
class Batch:
    """Rows of the copy: what may be shown of their keys, their cells column by column; old: the cells of the
    originals, where rows are paired. lost: positions of rows that have no original."""

    keys: ShownKeys
    new: Sequence[Sequence[Cell]]
    old: Sequence[Sequence[Cell]] = ()
    lost: tuple[int, ...] = ()


class Reader:
    """Streams queries of one session. stopped: set by whoever wants the scan to end."""

    def __init__(self, conn: psycopg.Connection, stopped: threading.Event):
        self.conn, self._stopped = conn, stopped
        self._numbers = itertools.count()

    def batches(self, query: sql.Composed) -> Iterator[list[Fetched]]:
        """The query's rows. Errors: Interrupted."""
        with self.conn.cursor(name=f"scan_{next(self._numbers)}") as cursor:
            cursor.execute(query)
            wanted = FIRST_ROWS
            while rows := self._fetched(cursor, wanted):
                yield rows
                wanted = _next_rows(rows)

    def _fetched(self, cursor: psycopg.ServerCursor, wanted: int) -> list[Fetched]:
        if self._stopped.is_set():
            raise Interrupted("asked to stop; the copy was not scanned to its end")
        return cursor.fetchmany(wanted)


def _next_rows(rows: list[Fetched]) -> int:
    weighed = rows[::SAMPLED]
    chars = sum(len(str(cell)) for row in weighed for cell in row) // len(weighed)
    return max(1, min(MOST_ROWS, BATCH_CHARS // max(chars, 1)))


def alone(reader: Reader, schema: str, table: str, key: PairingKey | None, fields: Sequence[Field]) -> Iterator[Batch]:
    """Rows of a table in whatever order they come."""
    shown = key.values() if key else [sql.SQL("concat(t.ctid)")]
    for rows in reader.batches(_query(schema, table, shown, fields)):
        yield Batch(ShownKeys([row[: len(shown)] for row in rows], key), _columns(rows, len(shown), len(fields)))


def paired(
    copy: Reader,
    source: Reader,
    schema: str,
    table: str,
    key: PairingKey,
    fields: Sequence[Field],
    masked: Sequence[Field],
) -> Iterator[Batch]:
    """Rows of the copy, all fields, each beside the masked fields of its original."""
    width, nothing = len(key.columns), (None,) * len(masked)
    originals = _Originals(source.batches(_query(schema, table, key.values(), masked, key.orders())), width)
    for rows in copy.batches(_query(schema, table, key.values(), fields, key.orders())):
        beside = [originals.of(row[:width]) for row in rows]
        lost = tuple(place for place, old in enumerate(beside) if old is None)
        yield Batch(
            ShownKeys([row[:width] for row in rows], key),
            _columns(rows, width, len(fields)),
            _columns([old or nothing for old in beside], 0, len(masked)),
            lost,
        )


class _Originals:
    """The source's rows, in the order of their keys; each may be asked for, in that order."""

    def __init__(self, batches: Iterator[list[Fetched]], width: int):
        self._rows = itertools.chain.from_iterable(batches)
        self._width = width
        self._row = next(self._rows, None)

    def of(self, key: Fetched) -> Fetched | None:
        """The cells of the row of this key."""
        width = self._width
        while self._row is not None and self._row[:width] < key:
            self._row = next(self._rows, None)
        return self._row[width:] if self._row is not None and self._row[:width] == key else None


def _query(
    schema: str,
    table: str,
    shown: Sequence[sql.Composable],
    fields: Sequence[Field],
    orders: Sequence[sql.Composable] = (),
) -> sql.Composed:
    query = sql.SQL("select {} from {} as t").format(
        sql.SQL(", ").join([*shown, *(field.read() for field in fields)]), sql.Identifier(schema, table)
    )
    return query + sql.SQL(" order by ") + sql.SQL(", ").join(orders) if orders else query


def _columns(rows: list[Fetched], first: int, count: int) -> list[list[Cell]]:
    return [[row[place] for row in rows] for place in range(first, first + count)]
