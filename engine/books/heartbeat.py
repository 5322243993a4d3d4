"""Asks sessions that lie idle for long something now and then, so that nobody takes them for forgotten.

Laws
- Poolers, firewalls and servers end sessions that lie idle. One that a run cannot go on without is asked every few
  seconds, unless somebody uses it, and what it answers shows that it still is the same.
- The first that is lost is told once somebody asks (`check`): the run stops at its next chunk or step.
"""

import contextlib
import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import psycopg
from psycopg import generators, pq
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.waiting import Ready, Wait

from config.errors import MigrateError
from engine.session import fetch

Answer = TypeVar("Answer")

BEAT_SECONDS = 3.0
SILENT_SECONDS = 30.0  # after which a session that lies idle, and does not answer, is lost
ASK = b"select pg_catalog.pg_backend_pid()"
IDLE = (TransactionStatus.IDLE, TransactionStatus.INTRANS)


@dataclass(frozen=True)
class Kept:
    """A session, the server's process behind it, and the error to raise once it is lost."""

    conn: psycopg.Connection
    pid: int
    error: type[MigrateError]
    what: str

    def fault(self) -> str | None:
        """What became of it, None if it is well or somebody is using it."""
        if not self.conn.lock.acquire(blocking=False):
            return None
        try:
            return self._asked() if self.conn.info.transaction_status in IDLE else self._unasked()
        except (psycopg.Error, OSError, ValueError):  # whoever closes it does not wait for us, nor do its file's errors
            self._end()
            return f"the session that is {self.what} has ended"
        finally:
            self.conn.lock.release()

    def _asked(self) -> str | None:
        if self.conn.pgconn.pipeline_status != pq.PipelineStatus.OFF:
            return None
        self.conn.pgconn.send_query(ASK)
        results = _within(SILENT_SECONDS, generators.execute(self.conn.pgconn), self.conn.fileno())
        if not results:
            raise psycopg.OperationalError("it was closed while it was asked")
        result = results[-1]
        if result.status != pq.ExecStatus.TUPLES_OK:
            raise psycopg.errors.error_from_result(result)
        if result.get_value(0, 0) == str(self.pid).encode():
            return None
        return (
            f"the session that is {self.what} has become another one: a pooler shares sessions out by transaction; "
            "wanted one that leaves each client its session (session pooling), or the server itself"
        )

    def _end(self) -> None:
        """Whoever uses it next finds it lost, too: it may be one that only does not answer, or that has lost what it
        held."""
        with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(self.conn.fileno())) as one:
            one.shutdown(socket.SHUT_RDWR)
            self.conn.pgconn.consume_input()  # so that libpq knows it, too

    def _unasked(self) -> str | None:
        """One that has failed within its transaction, or is in the middle of a COPY, is used."""
        is_lost = self.conn.info.transaction_status == TransactionStatus.UNKNOWN
        return f"the session that is {self.what} has ended" if is_lost else None


def _within(seconds: float, waiting: PQGen[Answer], number: int) -> Answer:
    """What psycopg's generator gives, which waits for the file of this number.

    Errors: psycopg.OperationalError if it takes longer.
    """
    until = time.monotonic() + seconds
    try:
        wanted = next(waiting)
        while True:
            reads, writes = ([number] if wanted & way else [] for way in (Wait.R, Wait.W))
            readable, writable, _ = select.select(reads, writes, [], max(0, until - time.monotonic()))
            if not readable and not writable:
                raise psycopg.OperationalError("no answer came in time")
            wanted = waiting.send((Ready.R if readable else 0) | (Ready.W if writable else 0))
    except StopIteration as ended:
        answer: Answer = ended.value
        return answer


class Heartbeat:
    """Keeps sessions, in a thread of its own."""

    def __init__(self) -> None:
        self._kept: list[Kept] = []
        self._lost: tuple[type[MigrateError], str] | None = None
        self._over = threading.Event()

    @contextlib.contextmanager
    def beating(self) -> Iterator["Heartbeat"]:
        """For as long as the block runs."""
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        try:
            yield self
        finally:
            self._over.set()

    @contextlib.contextmanager
    def keeping(self, conn: psycopg.Connection, error: type[MigrateError], what: str) -> Iterator[None]:
        """Keep this session while the block runs. what: it is doing."""
        kept = Kept(conn, fetch.value(int, conn, ASK), error, what)
        self._kept.append(kept)
        try:
            yield
        finally:
            self._kept.remove(kept)

    def check(self) -> None:
        """Errors: that of the first session that was lost."""
        if self._lost:
            error, text = self._lost
            raise error(text)

    def _beat(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            for kept in list(self._kept):
                fault = kept.fault()
                if fault and kept in self._kept:  # else it was closed on purpose meanwhile
                    self._lost = self._lost or (kept.error, fault)
