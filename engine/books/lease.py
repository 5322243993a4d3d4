"""The lease of a target: which run may change it now, and how others find out which.

Laws
- One run at a time holds a target database: schemas `migration` and `legacy_archive` are common to all its schemas.
- The lease is an advisory lock of one session: it ends with the process that holds it, however that ends.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import psycopg

from config.errors import TargetBusy, TargetError
from config.postgres.connection import Connection
from engine.books import bookkeeping
from engine.books.bookkeeping import LOCK, Run
from engine.session import connect
from engine.session.blame import blame

OPEN = ("running", "built")  # states of a run that is under way, or has died


@dataclass(frozen=True)
class Lease:
    """The right to change this target, for as long as its session lives."""

    conn: psycopg.Connection

    def check(self) -> None:
        """Errors: TargetError if the session has ended, and the lease with it."""
        with blame(TargetError, "holding the lease of the target"):
            self.conn.execute("select")


@contextlib.contextmanager
def hold(connection: Connection) -> Iterator[Lease]:
    """Hold the target database for one run; a session of its own, so the end of the process ends the lease.

    Errors: TargetBusy, which says who holds it; TargetError.
    """
    with connect.target(connection) as conn:
        with blame(TargetError, "taking the lease of the target"):
            if not take(conn, LOCK):
                raise busy(holder(conn))
        with giving_back(conn, LOCK):
            yield Lease(conn)


def take(conn: psycopg.Connection, lock: int) -> bool:
    """Take an advisory lock for this session. Waits a moment if it is held, for the session of a killed process ends
    late."""
    try:
        with conn.transaction():
            conn.execute("set local lock_timeout = '1s'")
            conn.execute("select pg_advisory_lock(%s)", [lock])
    except psycopg.errors.LockNotAvailable:
        return False
    return True


@contextlib.contextmanager
def giving_back(conn: psycopg.Connection, lock: int) -> Iterator[None]:
    """Release the lock at the end of the block: the server would end the session only later, perhaps after the next run
    asks."""
    try:
        yield
    finally:
        with contextlib.suppress(psycopg.Error):  # without its session the lock is free already
            conn.execute("select pg_advisory_unlock(%s)", [lock])


HOLDER = """
    select format('session %%s of %%s from %%s since %%s', a.pid, a.usename,
                  coalesce(host(a.client_addr), 'its own machine'),
                  to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ'))
    from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1
      and l.database = (select oid from pg_database where datname = current_database())
      and l.classid::bigint = %(lock)s::bigint >> 32 and l.objid::bigint = %(lock)s::bigint & 4294967295
"""


def at_work(found: Iterable[Run], is_held: bool) -> Run | None:
    """The run under way, if there is one: the last begun of those that have not ended; the others have died."""
    under_way = [run for run in found if run.state in OPEN]
    return max(under_way, key=lambda run: run.started_at) if under_way and is_held else None


def is_held(conn: psycopg.Connection) -> bool:
    """Whether some session holds the lease now."""
    return conn.execute(HOLDER, {"lock": LOCK}).fetchone() is not None


def busy(who: str) -> TargetBusy:
    """The error to raise when the lease is held. who: as holder() says."""
    return TargetBusy(f"another run holds this target: {who}; wait for it to end, or stop it where it runs")


def holder(conn: psycopg.Connection) -> str:
    """Who holds the lease: the run, where the books can be read, and the session."""
    run = None if bookkeeping.faults(conn) else at_work(bookkeeping.runs(conn), is_held=True)
    names = [f"run {run.run_id} into {run.target_schema}"] if run else []
    names += [row[0] for row in conn.execute(HOLDER, {"lock": LOCK})]
    return ", ".join(names) or "it has just ended"
