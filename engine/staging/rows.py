"""The rows of a copy: binary COPY where a table is carried as it is, text COPY where a column is masked on the way.

Laws
- Every row is read in the one snapshot. Generated columns are left out; the copy computes them anew.
- A part is one transaction. Rows of a table without a key are loaded in the source's physical order, for they are known
  by their place.
- No value is logged; a row that a constraint refuses is reported by table and constraint.
"""

import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from psycopg import sql
from psycopg.abc import Buffer

from config import masks as masking
from config.errors import MigrateError, PlanRefused, StagingError
from config.settings import Settings
from engine.chunks import pump
from engine.reflect.catalog import LegacyTable
from engine.session.blame import blame
from engine.session.execution import Watch
from engine.session.pool import Pool
from engine.session.stop import Stop

Mask = Callable[[bytes], bytes]  # of COPY's own text
PAGE_BYTES = 8192
PLACES = """
    select concat(place) from nxtgauge_staging.sample_places where table_name = %s and leaf = %s and batch = %s
    order by sample_places.place
"""
NULL = b"\\N"
# Repeated values are many, and masking one takes 50 times as long as finding it; longer ones seldom repeat.
CACHED_VALUES, CACHED_BYTES = 20_000, 64
ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
UNESCAPE = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
ESCAPE = str.maketrans(
    {"\\": r"\\", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
)  # fmt: skip


@dataclass(frozen=True)
class RowSlice:
    """Some rows of a table, of one of its leaves: pages first ≤ page < end, or what a sample picked of them.

    batches: number of the leaf, first and last batch of picked places (engine.staging.sample).
    """

    table: str
    leaf: tuple[str, str]  # schema, name
    first: int = 0
    end: int | None = None
    batches: tuple[int, int, int] | None = None
    rows: int = 0  # an estimate, for the progress


@dataclass
class Lane:
    """How one table is copied. masks: place of a column among those carried → its mask, None for NULL."""

    table: LegacyTable
    masks: dict[int, Mask | None] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        return carried(self.table)

    @property
    def is_binary(self) -> bool:
        """Values that are oids of one database mean something in another by name only; some types have no bytes."""
        columns = self.table.shape.columns
        return not self.masks and all(c.is_binary and not c.names_objects for c in columns)


@dataclass
class Filling:
    """The copying of a whole schema, by several threads. Counts what each table took."""

    settings: Settings
    sessions: Pool
    stop: Stop
    watch: Watch
    lanes: dict[str, Lane]
    rows: Counter[str] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def move(self, part: RowSlice) -> None:
        """Copy one part. Errors: SourceError, StagingError, Interrupted, PlanRefused (a masked row does not fit)."""
        self.stop.check()
        self.watch.begin(part.table)
        started, lane = time.monotonic(), self.lanes[part.table]
        rows = self._moved(part, lane)
        with self.lock:
            self.rows[part.table] += rows
            self.seconds[part.table] += time.monotonic() - started
        self.watch.advance(part.table, rows)

    def _moved(self, part: RowSlice, lane: Lane) -> int:
        schema, form = self.settings.source_schema, sql.SQL("binary" if lane.is_binary else "text")
        read = select(part, lane.columns)
        into = sql.SQL("copy {} {} from stdin (format {})").format(
            sql.Identifier(schema, part.table), _listed(lane.columns), form
        )
        try:
            with (
                self.sessions.lend("source") as source,
                self.sessions.lend("staging") as staging,
                blame(StagingError, f"loading {part.table}", self.stop),
                staging.cursor() as cursor,
            ):
                with cursor.copy(into) as sink:
                    masked = _Masking(sink, lane) if lane.masks else sink
                    for condition in self._conditions(part):
                        out = sql.SQL("copy ({} {}) to stdout (format {})").format(read, condition, form)
                        pump.pump(self.sessions.throttle, source, part.table, out, masked)
                return cursor.rowcount
        except StagingError as error:
            if lane.masks and error.sqlstate.startswith(("22", "23")):
                raise PlanRefused([refusal(part.table, str(error))]) from None
            raise

    def _conditions(self, part: RowSlice) -> Iterator[sql.Composable]:
        """Which rows to read, one query after the other."""
        if part.batches is None:
            yield _pages(part)
            return
        number, first, last = part.batches
        for batch in range(first, last + 1):
            with self.sessions.lend("staging") as staging, blame(StagingError, "reading the sample", self.stop):
                places = [place for (place,) in staging.execute(PLACES, [part.table, number, batch])]
            yield sql.SQL("where t.ctid = any ({}::tid[])").format(sql.Literal(places))


def refusal(table: str, found: str) -> str:
    """The sentence that says what to do about a masked row which a constraint refuses."""
    remedy = (
        'say of a column that the constraint reads that it is "null" (or "keep", if it holds nothing of anybody) '
        f"under [tables.{table}] in {masking.shown()}"
    )
    return f"{table}: a masked row does not fit the copy ({found}); {remedy}"


class _Masking:
    """Takes rows of text COPY, many at a time, and passes them on with their columns masked."""

    def __init__(self, sink: pump.Sink, lane: Lane):
        self._sink, self._table, self._masks = sink, lane.table.name, lane.masks

    def write(self, gathered: Buffer) -> None:
        """Errors: MigrateError for a mask that fails, without what it failed on."""
        try:
            masked = b"".join(map(self._masked, bytes(gathered).split(b"\n")[:-1]))
        except Exception as error:
            raise MigrateError(f"masking {self._table} met a fault of the program: {type(error).__name__}") from None
        self._sink.write(masked)

    def _masked(self, row: bytes) -> bytes:
        fields = row.split(b"\t")
        for place, mask in self._masks.items():
            if fields[place] != NULL:
                fields[place] = NULL if mask is None else mask(fields[place])
        return b"\t".join(fields) + b"\n"


def of_field(mask: Callable[[str], str]) -> Mask:
    """The mask as a function of COPY's own text, escapes included; remembers values that may come again."""
    known: dict[bytes, bytes] = {}

    def masked(field: bytes) -> bytes:
        if (found := known.get(field)) is not None:
            return found
        made = mask(_unescaped(field)).translate(ESCAPE).encode()
        if len(field) <= CACHED_BYTES:
            if len(known) >= CACHED_VALUES:
                known.clear()
            known[field] = made
        return made

    return masked


def _unescaped(field: bytes) -> str:
    if b"\\" in field:
        field = ESCAPED.sub(lambda match: UNESCAPE.get(match[1], match[1]), field)
    return field.decode()


def carried(table: LegacyTable) -> list[str]:
    """Columns that have values of their own."""
    return [column.name for column in table.shape.columns if not column.generated]


def select(part: RowSlice, columns: Sequence[str]) -> sql.Composed:
    """Of all rows of the part's leaf, as t."""
    names = sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name in columns)
    return sql.SQL("select {} from only {} as t").format(names, sql.Identifier(*part.leaf))


def _pages(part: RowSlice) -> sql.Composable:
    if part.end is None and not part.first:
        return sql.SQL("")
    beyond = sql.SQL("and t.ctid < {}").format(_place(part.end)) if part.end is not None else sql.SQL("")
    return sql.SQL("where t.ctid >= {} {}").format(_place(part.first), beyond)


def _place(page: int) -> sql.Composed:
    return sql.SQL("{}::tid").format(sql.Literal(f"({page},0)"))


def _listed(columns: Sequence[str]) -> sql.Composable:
    return sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Identifier, columns))) if columns else sql.SQL("")


def leaves(table: LegacyTable, schema: str) -> list[tuple[tuple[str, str], int, int, int]]:
    """Where a table's rows lie: (schema, name), pages, pages of long values, estimated rows."""
    if table.kind == "p":
        return [((leaf.schema, leaf.name), leaf.pages, leaf.toast_pages, leaf.rows) for leaf in table.leaves]
    return [((schema, table.name), table.pages, table.toast_pages, table.rows)]


def parts(table: LegacyTable, schema: str, chunk_bytes: int) -> list[RowSlice]:
    """All rows of the table, cut into ranges of pages; one range a leaf where there is no key."""
    found = []
    for leaf, pages, toast_pages, rows in leaves(table, schema):
        # A page of short rows may stand for many pages of long values.
        step = max(1, chunk_bytes // PAGE_BYTES * max(pages, 1) // max(pages + toast_pages, 1))
        firsts = list(range(0, max(pages, 1), step)) if table.shape.primary_key else [0]
        ends = [*firsts[1:], None]
        found += [
            RowSlice(table.name, leaf, first, end, rows=rows // len(firsts))
            for first, end in zip(firsts, ends, strict=True)
        ]
    return found
