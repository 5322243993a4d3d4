"""A hard timer on the server: a transaction that is not over by then is ended, whatever became of this process.

Laws
- Another process of the server keeps the time, asleep. It needs nothing more from us, so it does not matter whether we
  are killed, frozen or cut off.
- It ends the session by pg_terminate_backend. That reaches a session which waits for a frozen client in the midst of a
  COPY, as no time-out of PostgreSQL does.
- It ends that very transaction and none that comes later: the session's beginning and the transaction's have to be
  those that were told.
"""

import contextlib
import select
import time
from collections.abc import Iterator
from datetime import datetime

import psycopg
from psycopg import sql

from config.errors import MigrateError
from config.postgres import network
from engine.session import fetch
from engine.session.blame import blame

ITSELF = "select pg_backend_pid(), backend_start, now() from pg_stat_activity where pid = pg_backend_pid()"
SEEN = "select count(*) from pg_stat_activity where pid = %s and backend_start = %s"
# Where a server does not keep track of activities it knows no transaction's beginning; the session has to do.
END = """
    select pg_sleep({seconds});
    select pg_terminate_backend(a.pid) from pg_stat_activity a
    where a.pid = {process} and a.backend_start = {opened} and (a.xact_start = {began} or a.state = 'disabled')
"""
ANSWER_SECONDS = 0.2


class Timer:
    """The session that keeps the time. It is asked to once."""

    def __init__(self, conn: psycopg.Connection, kind: type[MigrateError]):
        self._conn, self._kind = conn, kind

    def start(self, session: psycopg.Connection, seconds: float) -> None:
        """From now on the transaction that the session is in has so many seconds. Errors: that of the kind."""
        with blame(self._kind, "setting the fence's timer"):
            process, opened, began = _itself(session)
            if not fetch.value(int, self._conn, SEEN, [process, opened]):
                raise self._kind("the fence's timer does not see the session that it has to end; use one role for both")
            known = {"seconds": seconds, "process": process, "opened": opened, "began": began}
            query = sql.SQL(END).format(**{name: sql.Literal(value) for name, value in known.items()})
            self._conn.pgconn.send_query(query.as_bytes(self._conn))
            while self._conn.pgconn.flush():
                pass


def _itself(session: psycopg.Connection) -> tuple[int, datetime, datetime]:
    session.execute("select pg_stat_clear_snapshot()")
    process, opened, began = fetch.one(session, ITSELF)
    return process, opened, began


@contextlib.contextmanager
def ready(opened: contextlib.AbstractContextManager[psycopg.Connection], kind: type[MigrateError]) -> Iterator[Timer]:
    """A timer, opened before it is needed; stopped at the end of the block. Errors: that of the kind.

    opened: a session that no request to stop reaches, for the transaction may outlive the request by a moment.
    """
    with opened as conn:
        with blame(kind, "setting up the fence's timer"):
            conn.execute("set client_connection_check_interval = 0")
        try:
            yield Timer(conn, kind)
        finally:
            with contextlib.suppress(psycopg.Error, OSError):
                _stop(conn)


def _stop(conn: psycopg.Connection) -> None:
    """Asked again where it had only just begun: a server takes no notice of a request that comes before the query."""
    until = time.monotonic() + network.CANCEL_SECONDS
    while conn.pgconn.is_busy() and time.monotonic() < until:
        conn.cancel_safe(timeout=network.CANCEL_SECONDS)
        select.select([conn.fileno()], [], [], ANSWER_SECONDS)
        conn.pgconn.consume_input()
