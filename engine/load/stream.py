"""The copy lane: COPY out of the source piped into COPY in of the target, never decoded.

Laws
- Both sides are binary and their types equal; whatever differs is cast in the SELECT. A table with a type that has no
  binary form (isbn, seg, aclitem, and types made of these) goes as text.
- The chunk's rows, those of it that are refused, and its ledger row are one transaction in the target.
"""

import time
from collections import deque
from collections.abc import Iterator
from typing import Protocol

import psycopg
from psycopg import errors, generators, pq, sql, waiting
from psycopg.abc import Buffer, PQGen

from config.errors import MigrateError, SourceError, TargetError
from engine.chunks import culprits, ledger
from engine.chunks.culprits import Refused
from engine.chunks.work import Chunk, Part, Work, select
from engine.load import refusals
from engine.planning.plan import Route
from engine.reflect.catalog import LegacyTable, search_path
from engine.session import fetch
from engine.session.blame import blame
from engine.session.throttle import Throttle

# psycopg hands over one message a row. Gathered to 256 KiB the pipe is as fast as `psql | psql`; unbuffered it took
# 1.4 times as long (500,000 wide rows).
GATHER_BYTES = 256 * 1024
FREEZABLE_PAGES = 64  # a new file costs some milliseconds


class Sink(Protocol):
    """Takes what COPY gives."""

    def write(self, data: Buffer, /) -> object: ...


def move(work: Work, chunk: Chunk) -> ledger.Counts:
    """Copy one chunk. Errors: SourceError, TargetError, Interrupted; all of them roll the chunk back."""
    started, route = time.monotonic(), work.route(chunk.route)
    with (
        work.sessions.lend("source") as source,
        work.sessions.lend("target") as target,
        blame(TargetError, f"loading {route.legacy_table}", work.stop),
        target.transaction(),
    ):
        counts = _sifted(work, route, chunk, source, target)
        ledger.record(target, work, chunk, counts, time.monotonic() - started)
    return counts


def _sifted(
    work: Work, route: Route, chunk: Chunk, source: psycopg.Connection, target: psycopg.Connection
) -> ledger.Counts:
    """Copy what can be copied of the chunk, and refuse the rest of it row by row."""
    copied: list[tuple[int, int]] = []
    table = work.plan.table(route.legacy_table).legacy
    found = culprits.sift(
        chunk.part,
        lambda part: copied.append(_copy(work, route, part, source, target, is_whole=_is_whole(work, route, part))),
        lambda part: culprits.halves(source, work, table, part),
    )
    refused = [_refused(work, route, table, part, error, source) for part, error in found]
    if refused:
        refusals.write(work, route, source, target, refused)
    rows, sizes = (sum(figures) for figures in zip(*copied, strict=True)) if copied else (0, 0)
    rejected = len(refused) if route.is_accounted else 0
    return ledger.Counts(rows_read=rows + len(refused), rejected=rejected, bytes=sizes)


def _is_whole(work: Work, route: Route, part: Part) -> bool:
    """Whether the part is all that its table will be loaded with, and long enough for that to matter."""
    if part != Part() or work.plan.table(route.legacy_table).legacy.pages < FREEZABLE_PAGES:
        return False
    feeding = [r for r in work.plan.routes if set(r.targets) & set(route.targets) and r.is_archive == route.is_archive]
    return len(feeding) == 1


def _copy(
    work: Work, route: Route, part: Part, source: psycopg.Connection, target: psycopg.Connection, is_whole: bool
) -> tuple[int, int]:
    """Rows and bytes that were copied."""
    schema = work.archive_schema if route.is_archive else work.schema
    columns = sql.SQL(", ").join(sql.Identifier(item.name) for item in route.items)
    form, name = _form(work, route), sql.Identifier(schema, route.targets[0])
    out = f"copy ({select(route, part)}) to stdout (format {form})"
    with (
        blame(TargetError, f"loading {route.legacy_table}", work.stop),
        culprits.trying(source, target),
        search_path(target, *work.path),  # for functions of generated columns
        target.cursor() as cursor,
    ):
        freezes = is_whole and _empties(target, name)
        options = sql.SQL(f"format {form}, freeze {freezes}")
        with cursor.copy(sql.SQL("copy {} ({}) from stdin ({})").format(name, columns, options)) as sink:
            size = pump(work.sessions.throttle, source, route.legacy_table, out, sink)
        return cursor.rowcount, size


def _empties(target: psycopg.Connection, name: sql.Identifier) -> bool:
    """Gives an empty table a new file in this transaction, so that its rows may be written frozen; False for any other.

    A row that is written frozen is not written again when it is first read, nor, where pages have checksums, into the
    log as a whole page.
    """
    if fetch.value(bool, target, sql.SQL("select exists (select from {})").format(name)):
        return False
    target.execute(sql.SQL("truncate {}").format(name))
    return True


def _refused(
    work: Work, route: Route, table: LegacyTable, part: Part, error: MigrateError, source: psycopg.Connection
) -> Refused:
    """The part's only row, and the column that is to blame."""
    column = error.column
    if isinstance(error, SourceError):
        column = culprits.unreadable_column(work, route, part, source)
    return Refused(culprits.origin_of(table, part), route.targets[0], column, error.sqlstate)


def _form(work: Work, route: Route) -> str:
    """COPY's format for the route's columns, hidden ones aside, which are text."""
    shape = work.plan.table(route.legacy_table).legacy.shape
    columns = filter(None, (shape.find_column(item.name) for item in route.items))
    return "binary" if all(column.is_binary for column in columns) else "text"


def pump(throttle: Throttle, source: psycopg.Connection, table: str, out: str | sql.Composed, sink: Sink) -> int:
    """Pass what the query gives to the sink as it comes; returns its bytes. Errors: SourceError, Interrupted."""
    size = 0
    for data in _gathered(throttle, source, table, out):
        sink.write(data)  # out here, so that an error of the sink is not the source's
        size += len(data)
    return size


def _gathered(throttle: Throttle, source: psycopg.Connection, table: str, out: str | sql.Composed) -> Iterator[Buffer]:
    """Messages of one row each, joined to larger ones; one that is large already stays as it is."""
    with blame(SourceError, f"reading {table}", throttle.stop), source.cursor() as cursor, cursor.copy(out):
        while pieces := source.wait(_some(source.pgconn)):
            while pieces:
                yield (piece := pieces.popleft())
                throttle.spend(len(piece))
                del piece


def _some(pgconn: pq.abc.PGconn) -> PQGen[deque[Buffer]]:
    """The messages of a COPY that come next, some 256 KiB of them; none after the last, and then it has ended well.

    psycopg waits for each row anew; taken as they lie in libpq's buffer they cost half of that. They are joined one by
    one: a list of them would be looked through by the garbage collector over and over, which takes twice as long again.
    """
    gathered, large = bytearray(), list[Buffer]()
    while len(gathered) < GATHER_BYTES and not large and pgconn.transaction_status == pq.TransactionStatus.ACTIVE:
        size, row = pgconn.get_copy_data(1)
        if size > GATHER_BYTES:
            large.append(row)
        elif size > 0:
            gathered += row
        elif size == 0:
            while not (yield waiting.Wait.R):
                pass
            pgconn.consume_input()
        else:
            yield from _end(pgconn)
    return deque(filter(len, (bytes(gathered), *large)))


def _end(pgconn: pq.abc.PGconn) -> PQGen[None]:
    """Errors: psycopg.Error, if the server says that the COPY failed."""
    for result in (yield from generators.fetch_many(pgconn)):
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise errors.error_from_result(result, encoding="utf-8")
