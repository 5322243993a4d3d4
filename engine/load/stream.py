"""The copy lane: COPY out of the source piped into COPY in of the target, never decoded.

Laws
- Both sides are binary and their types equal; whatever differs is cast in the SELECT. A table with a type that has no
  binary form (isbn, seg, aclitem, and types made of these) goes as text.
- The chunk's rows, those of it that are refused, and its ledger row are one transaction in the target.
"""

import time
from collections.abc import Iterator
from typing import Protocol

import psycopg
from psycopg import sql

from config.errors import MigrateError, SourceError, TargetError
from engine.chunks import culprits, ledger
from engine.chunks.culprits import Refused
from engine.chunks.work import Chunk, Part, Work, select
from engine.load import refusals
from engine.planning.plan import Route
from engine.reflect.catalog import LegacyTable, search_path
from engine.session.blame import blame
from engine.session.stop import Stop

# psycopg hands over one message a row. Gathered to 256 KiB the pipe is as fast as `psql | psql`; unbuffered it took
# 1.4 times as long (500,000 wide rows).
GATHER_BYTES = 256 * 1024


class Sink(Protocol):
    """Takes what COPY gives."""

    def write(self, data: bytes, /) -> object: ...


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
        lambda part: copied.append(_copy(work, route, part, source, target)),
        lambda part: culprits.halves(source, work, table, part),
    )
    refused = [_refused(work, route, table, part, error, source) for part, error in found]
    if refused:
        refusals.write(work, route, source, target, refused)
    rows, sizes = (sum(figures) for figures in zip(*copied, strict=True)) if copied else (0, 0)
    rejected = len(refused) if route.is_accounted else 0
    return ledger.Counts(rows_read=rows + len(refused), rejected=rejected, bytes=sizes)


def _copy(
    work: Work, route: Route, part: Part, source: psycopg.Connection, target: psycopg.Connection
) -> tuple[int, int]:
    """Rows and bytes that were copied."""
    schema = work.archive_schema if route.is_archive else work.schema
    columns = sql.SQL(", ").join(sql.Identifier(item.name) for item in route.items)
    form, name = _form(work, route), sql.Identifier(schema, route.targets[0])
    into = sql.SQL("copy {} ({}) from stdin (format {})").format(name, columns, sql.SQL(form))
    out = f"copy ({select(route, part)}) to stdout (format {form})"
    with (
        blame(TargetError, f"loading {route.legacy_table}", work.stop),
        culprits.trying(source, target),
        search_path(target, work.schema, work.settings.extension_schema),  # for functions of generated columns
        target.cursor() as cursor,
    ):
        with cursor.copy(into) as sink:
            size = pump(work.stop, source, route.legacy_table, out, sink)
        return cursor.rowcount, size


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


def pump(stop: Stop, source: psycopg.Connection, table: str, out: str | sql.Composed, sink: Sink) -> int:
    """Pass what the query gives to the sink as it comes; returns its bytes. Errors: SourceError, Interrupted."""
    size = 0
    for data in _gathered(stop, source, table, out):
        sink.write(data)  # out here, so that an error of the sink is not the source's
        size += len(data)
    return size


def _gathered(stop: Stop, source: psycopg.Connection, table: str, out: str | sql.Composed) -> Iterator[bytes]:
    """Messages of one row each, joined to larger ones."""
    gathered: list[bytes | bytearray | memoryview] = []
    pending = 0
    with blame(SourceError, f"reading {table}", stop), source.cursor() as cursor, cursor.copy(out) as rows:
        for row in rows:
            gathered.append(row)
            pending += len(row)
            if pending >= GATHER_BYTES:
                yield b"".join(gathered)
                pending = 0
                gathered.clear()
                stop.check()
    yield b"".join(gathered)
