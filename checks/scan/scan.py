"""The proof that no personal value of the original is left in a masked staging copy.

Laws
- The auditor reads both databases itself, the source in the snapshot that the copy was made from; it writes nothing,
  and no value of a row leaves its memory.
- Every masked cell is held against its original, row by row where the table has a key that is not masked. Every text of
  the copy, masked or not, keys and definitions too, is searched for the source's addresses, numbers and names.
- Columns that are not searched are reported.
- A masked column that could not be read or paired is a finding, for it is unproved. An empty one counts as compared.
- Time grows with the rows; memory with the number of different addresses, numbers and values, by eight bytes each.
"""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import psycopg

from checks.reading import catalog, connect
from checks.scan import columns, definitions, remedies, remembered, rows
from checks.scan.cells import BatchColumn, Cell
from checks.scan.columns import CONSTANT, Field, PairingKey, ScannedTable
from checks.scan.hashes import Hashes
from checks.scan.leftovers import FoundCells, Search
from checks.scan.remembered import Originals
from checks.scan.result import UNMASKED, Scan
from checks.scan.rows import Batch, Reader, ShownKey
from checks.scan.steps import Steps, Tell, nobody
from config import mapping, masks
from config.errors import Interrupted, MigrateError
from config.settings import Settings

# Of a value that is looked for in the whole column of a table without a key: of shorter ones, and of dates, addresses
# and numbers, there are so few that a masked one may well be somebody else's.
LONG, LETTERS = 12, 6  # characters
UNIFORM = ("null", CONSTANT)  # kinds that have one value in all rows
UNREADABLE = (psycopg.DataError, psycopg.ProgrammingError, psycopg.InternalError, psycopg.NotSupportedError)


def scan(
    settings: Settings,
    copy_id: str,
    snapshot: str | None = None,
    reaching: connect.Reaching = connect.unreached,
    tell: Tell = nobody,
) -> Scan:
    """Search the copy of this id in the staging database for values of the source.

    snapshot: exported by the source; without one it is read as it is now, and what has changed since counts against it.
    tell: hears of each table that has been read, of either side.
    Errors: ConfigError, SourceError, StagingError, Interrupted.
    """
    began, stopped = time.monotonic(), threading.Event()
    try:
        with (
            reaching(stopped.set),
            connect.source(settings.source, snapshot, reaching) as source,
            connect.staging(settings.staging, reaching) as staging,
        ):
            work = _Work(settings.source_schema, Reader(source, stopped), Reader(staging, stopped), tell)
            return work.scan(copy_id, began)
    except MigrateError:
        if stopped.is_set():
            raise Interrupted("asked to stop; the copy was not scanned to its end") from None
        raise


class _Work:
    """One scan: the originals are gathered from the whole source, then the copy is read table by table."""

    def __init__(self, schema: str, source: Reader, staging: Reader, tell: Tell):
        self._schema, self._source, self._staging, self._tell = schema, source, staging, tell
        self._compared: Counter[Field] = Counter()
        self._constants: dict[Field, Cell] = {}
        self._unproved: Counter[Field] = Counter()
        self._failed: list[remedies.Failed] = []
        self._rows = 0

    def scan(self, copy_id: str, began: float) -> Scan:
        self._books = columns.books(self._staging.conn, copy_id)
        shapes = catalog.read(self._source.conn, self._schema)
        copy = catalog.read(self._staging.conn, self._schema)
        rules = mapping.load()
        held = columns.held(shapes, rules.common.references)
        self._originals = Originals(remembered.vocabulary(shapes, rules))
        places = columns.places(shapes, copy, self._books, held, columns.keys(self._source.conn, self._schema))
        fields = columns.fields(shapes, self._books, held)
        self._steps = Steps.of(self._staging.conn, self._schema, fields, places, self._tell)
        if self._books.kinds:
            self._gather(fields)
        else:
            self._failed.append(
                remedies.Failed("", "", f"the books of the staging database have no masked column of a copy {copy_id}")
            )
        self._made_of = columns.made_of(self._source.conn, self._schema)
        self._search = Search(self._originals)
        for place in places if self._books.kinds else ():
            self._look(place)
        self._defined = definitions.search(
            self._staging.conn, self._schema, self._originals, masks.load().kept_definitions
        )
        self._unsearched = columns.unsearched(copy, self._books, held)
        return self._told(copy_id, places, began)

    def _gather(self, fields: dict[str, list[Field]]) -> None:
        for table, read in fields.items():
            with self._noting(table, [one for one in read if one.kind] or read, "the source could not be read"):
                remembered.gather(self._source, self._schema, table, read, self._originals)
            self._steps.gathered(table)

    def _look(self, place: ScannedTable) -> None:
        self._compared.update(dict.fromkeys(place.masked, 0))
        for column in place.absent:
            self._failed.append(remedies.Failed(place.table, column, "the copy or the source has no such column"))
        with self._noting(place.table, place.masked, "it could not be read on both sides"):
            if place.masked and place.key:
                self._by_key(place, place.key)
            elif place.masked:
                self._as_sets(place)
            elif place.fields:
                self._alone(place)
        self._steps.looked(place.table)

    def _by_key(self, place: ScannedTable, key: PairingKey) -> None:
        """Cells beside their originals."""
        sides = (self._staging, self._source, self._schema, place.table, key)
        lost = remedies.Failed(place.table, "", "rows have no original of the same key in the source")
        for batch in rows.paired(*sides, place.fields, place.masked):
            olds = dict(zip(place.masked, batch.old, strict=True))
            for one, cells in zip(place.fields, batch.new, strict=True):
                old = BatchColumn(one, olds[one]) if one in olds else None
                self._beside(batch, BatchColumn(one, cells), old)
            self._without_original(batch, place, lost.count)
            self._rows += len(batch.keys)
        if lost.count.cells:
            self._failed += [lost.of(one.name) for one in place.masked]

    def _without_original(self, batch: Batch, place: ScannedTable, lost: FoundCells) -> None:
        """Rows whose key was masked can have none of the same key, and are not proved row by row."""
        hidden = {row for row in batch.lost if batch.keys.is_masked(row)}
        self._unproved.update(dict.fromkeys(place.masked, len(hidden)))
        for row in batch.lost:
            if row not in hidden:
                lost.add(batch.keys[row])

    def _beside(self, batch: Batch, new: BatchColumn, old: BatchColumn | None) -> None:
        one = new.field
        if old is not None:
            for row in self._left(new, old):
                self._search.add(UNMASKED, one, batch.keys[row])
            self._compared[one] += len(batch.keys) - len(batch.lost)
        if one.is_searched:
            self._search.look(batch.keys, new, old)

    def _left(self, new: BatchColumn, old: BatchColumn) -> list[int]:
        """Rows with something of their originals."""
        return self._odd(new) if new.field.kind in UNIFORM else new.unmasked(old)

    def _odd(self, new: BatchColumn) -> list[int]:
        """Rows of a column that is to have null or one value throughout, which have another."""
        if new.field.kind != CONSTANT:
            return new.filled()
        held = [(row, cell) for row, cell in enumerate(new.cells) if cell is not None]
        wanted = self._constants.setdefault(new.field, held[0][1]) if held else None
        return [row for row, cell in held if cell != wanted]

    def _as_sets(self, place: ScannedTable) -> None:
        """Without a key: long values against all long originals of their column."""
        known = {one: Hashes(self._originals.key) for one in place.masked}
        for batch in rows.alone(self._source, self._schema, place.table, None, place.masked):
            for one, cells in zip(place.masked, batch.new, strict=True):
                known[one].add([text for _, text in BatchColumn(one, cells).telling() if _is_rare(text)])
        for batch in self._batches(place):
            for one, cells in zip(place.fields, batch.new, strict=True):
                if one.kind:
                    self._among(known[one], batch.keys, BatchColumn(one, cells))

    def _among(self, known: Hashes, keys: Sequence[ShownKey], new: BatchColumn) -> None:
        one = new.field
        self._compared[one] += len(keys)
        if one.kind in UNIFORM:
            left = set(self._odd(new))
        else:
            texts = new.telling()
            rare = [part for part in texts if _is_rare(part[1])]
            left = {rare[place][0] for place in known.found([text for _, text in rare])}
            self._unproved[one] += len({row for row, _ in texts} - {row for row, _ in rare})
        for row in sorted(left):
            self._search.add(UNMASKED, one, keys[row])

    def _alone(self, place: ScannedTable) -> None:
        for _ in self._batches(place):
            pass

    def _batches(self, place: ScannedTable) -> Iterator[Batch]:
        """The copy's rows, which are searched as they come."""
        for batch in rows.alone(self._staging, self._schema, place.table, place.key, place.fields):
            for one, cells in zip(place.fields, batch.new, strict=True):
                if one.is_searched:
                    self._search.look(batch.keys, BatchColumn(one, cells))
            self._rows += len(batch.keys)
            yield batch

    @contextlib.contextmanager
    def _noting(self, table: str, fields: Sequence[Field], what: str) -> Iterator[None]:
        """What cannot be read is a finding, and does not end the scan."""
        try:
            with self._source.conn.transaction(), self._staging.conn.transaction():  # savepoints: see connect
                yield
        except UNREADABLE as error:
            why = f"{what}: {type(error).__name__} ({error.sqlstate})"
            names = [one.name for one in fields] or [""]
            self._failed += [remedies.Failed(table, name, why, remedies.RIGHTS) for name in names]

    def _told(self, copy_id: str, places: Sequence[ScannedTable], began: float) -> Scan:
        searched = [one for place in places for one in place.fields if one.is_searched]
        return Scan(
            copy_id,
            self._schema,
            remedies.compared(places, self._compared),
            len(places),
            self._rows,
            len(searched),
            self._search.cells,
            self._defined.count,
            self._originals.counts(),
            remedies.findings(self._search, self._failed, self._originals, self._made_of, self._defined),
            remedies.remarks(self._search, self._unproved, self._books.whys)
            + remedies.limits(self._unsearched, self._defined),
            round(time.monotonic() - began, 2),
        )


def _is_rare(text: str) -> bool:
    return len(text) >= LONG and sum(map(str.isalpha, text)) >= LETTERS
