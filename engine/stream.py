"""The copy lane: COPY out of the source piped into COPY in of the target, never decoded.

Laws
- Both sides are binary and their types equal; whatever differs is cast in the SELECT.
- The chunk's rows and its ledger row are one transaction in the target.
"""

import time

from psycopg import sql

from config.errors import SourceError, TargetError
from engine import ledger
from engine.connect import Stop, blame
from engine.work import Chunk, Work, select

# psycopg hands over one message a row. Gathered to 256 KiB the pipe is as fast as `psql | psql`; unbuffered it took
# 1.4 times as long (500,000 wide rows).
GATHER_BYTES = 256 * 1024


def move(work: Work, chunk: Chunk) -> ledger.Counts:
    """Copy one chunk. Errors: SourceError, TargetError, Interrupted; nothing of the chunk is left then."""
    started, route = time.monotonic(), work.route(chunk.route)
    schema = work.archive_schema if route.is_archive else work.schema
    columns = sql.SQL(", ").join(sql.Identifier(item.name) for item in route.items)
    into = sql.SQL("copy {} ({}) from stdin (format binary)").format(sql.Identifier(schema, route.targets[0]), columns)
    out = f"copy ({select(route, chunk)}) to stdout (format binary)"
    with (
        work.sessions.lend("source") as source,
        work.sessions.lend("target") as target,
        blame(TargetError, f"loading {route.legacy_table}", work.stop),
        target.transaction(),
        target.cursor() as cursor,
    ):
        with cursor.copy(into) as sink:
            size = pump(work.stop, source, route.legacy_table, out, sink)
        counts = ledger.Counts(rows_read=cursor.rowcount, bytes=size)
        ledger.record(target, work, chunk, counts, time.monotonic() - started)
    return counts


def pump(stop: Stop, source, table: str, out: str | sql.Composed, sink) -> int:
    """What the query gives goes into the sink as it comes; its bytes. Errors: SourceError, Interrupted."""
    gathered, pending, size = [], 0, 0
    with blame(SourceError, f"reading {table}", stop), source.cursor() as cursor, cursor.copy(out) as rows:
        for row in rows:
            gathered.append(row)
            pending += len(row)
            if pending >= GATHER_BYTES:
                sink.write(b"".join(gathered))
                size, pending = size + pending, 0
                gathered.clear()
                stop.check()
    sink.write(b"".join(gathered))
    return size + pending
