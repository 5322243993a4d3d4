"""Passes what COPY gives on one side to whatever takes it, as it comes and never decoded."""

from collections import deque
from collections.abc import Iterator
from typing import Protocol

import psycopg
from psycopg import errors, generators, pq, sql, waiting
from psycopg.abc import Buffer, PQGen

from config.errors import SourceError
from engine.session.blame import blame
from engine.session.throttle import Throttle

# psycopg hands over one message a row. Gathered to 256 KiB the pipe is as fast as `psql | psql`; unbuffered it took
# 1.4 times as long (500,000 wide rows).
GATHER_BYTES = 256 * 1024


class Sink(Protocol):
    """Takes what COPY gives."""

    def write(self, data: Buffer, /) -> object: ...


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
