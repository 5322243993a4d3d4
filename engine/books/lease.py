"""The lease of a target: which run may change it now, and how others find out which.

Laws
- One run at a time holds a target database: schemas `migration` and `legacy_archive` are common to all its schemas.
- The lease is an advisory lock of one session: it ends with the process that holds it, however that ends.
- That session may end before the process does. So nobody begins while a session lives that writes for an earlier run
  (engine.books.fence), and whoever lost the lease stops at the next chunk or step.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import psycopg

from config.errors import MigrateError, TargetBusy, TargetError
from config.postgres.connection import Connection
from engine.books import bookkeeping, fence
from engine.books.bookkeeping import LOCK, Run
from engine.books.fence import Fence
from engine.books.heartbeat import Heartbeat
from engine.session import connect
from engine.session.blame import blame
from engine.session.stop import STOP, Stop

OPEN = ("running", "built")  # states of a run that is under way, or has died
CLEAR_SECONDS = 6  # what a process that was killed has left is undone by then
SHOWN = 3  # sessions in a message


@dataclass(frozen=True)
class Place:
    """A database that one holder at a time may change.

    name: as errors call it. holder: who holds it, as a sentence for others goes on after "… holds this target: ".
    """

    lock: int
    name: str
    error: type[MigrateError]
    open: Callable[[Connection, Stop | None], AbstractContextManager[psycopg.Connection]]
    work: str  # what holds it: a run, a refresh
    holder: Callable[[psycopg.Connection], str]

    def busy(self, conn: psycopg.Connection) -> TargetBusy:
        return self.busy_with(self.holder(conn))

    def busy_with(self, who: str) -> TargetBusy:
        return TargetBusy(
            f"another {self.work} holds this {self.name}: {who}; wait for it to end, or stop it where it runs"
        )


@dataclass(frozen=True)
class Lease:
    """The right to change this database, for as long as its session lives."""

    conn: psycopg.Connection
    connection: Connection
    place: Place
    fence: Fence
    heart: Heartbeat

    def check(self) -> None:
        """Errors: that of the place if a session has ended that nothing goes on without; asked of none, so it is quick.

        Errors of other sides, where they have lost theirs.
        """
        self.heart.check()

    def require(self) -> None:
        """The same, asked of the lease's own session now."""
        self.check()
        with blame(self.place.error, f"holding the lease of the {self.place.name}"):
            self.conn.execute("select")

    def enter(self, session: psycopg.Connection) -> None:
        """From now on the session may write. Errors: that of the place, if the lease is lost."""
        self.fence.enter(session)

    def elsewhere(self) -> Fence:
        """What sessions of other processes need."""
        return self.fence

    @contextlib.contextmanager
    def session(self, stop: Stop | None = None) -> Iterator[psycopg.Connection]:
        """A session that writes, and is kept; closed at the end of the block. Errors: that of the place."""
        what = f"writing to the {self.place.name}"
        with self.place.open(self.connection, stop) as conn:
            self.enter(conn)
            with self.heart.keeping(conn, self.place.error, what):
                yield conn

    @contextlib.contextmanager
    def last_session(self) -> Iterator[psycopg.Connection]:
        """A session to undo what was begun; takes the lease again if it is lost. Errors: TargetBusy if another did."""
        with self.place.open(self.connection, None) as conn:
            if self.fence.is_held(conn):
                self.enter(conn)
                yield conn
            elif take(conn, self.place.lock):
                with giving_back(conn, self.place.lock):
                    yield conn
            else:
                raise self.place.busy(conn)


@contextlib.contextmanager
def hold(connection: Connection, place: "Place | None" = None) -> Iterator[Lease]:
    """Hold the database for one run; a session of its own, so the end of the process ends the lease.

    Errors: TargetBusy, which says who holds it; TargetError, or what the place's is.
    """
    place = place or TARGET
    with place.open(connection, None) as conn:
        taking = blame(place.error, f"taking the lease of the {place.name}")
        with taking:
            if not take(conn, place.lock):
                raise place.busy(conn)
        with giving_back(conn, place.lock), Heartbeat().beating() as heart:
            with blame(place.error, f"taking the lease of the {place.name}"):
                _wait_until_clear(conn, place)
                made = fence.made(conn, place.lock, f"the {place.name}", place.error)
            with heart.keeping(conn, place.error, f"holding the lease of the {place.name}"):
                yield Lease(conn, connection, place, made, heart)


def _wait_until_clear(conn: psycopg.Connection, place: Place) -> None:
    """Errors: TargetBusy, if sessions of an earlier holder live on; Interrupted."""
    for _ in range(CLEAR_SECONDS):
        if fence.is_clear(conn, place.lock, seconds=1):
            return
        STOP.check()
    raise TargetBusy(
        f"sessions of an earlier {place.work} still write to this {place.name}, which has lost its lease: "
        f"{_folded(sessions(conn, fence.key_of(place.lock)))}; wait for it to end or to go on, or stop it where it runs"
    )


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


SESSIONS = """
    select format('session %%s of %%s from %%s since %%s', a.pid, a.usename,
                  coalesce(host(a.client_addr), 'its own machine'),
                  to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ'))
    from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1
      and l.database = (select oid from pg_database where datname = current_database())
      and l.classid::bigint = %(lock)s::bigint >> 32 and l.objid::bigint = %(lock)s::bigint & 4294967295
    order by a.backend_start, a.pid
"""


def sessions(conn: psycopg.Connection, lock: int) -> list[str]:
    """The sessions that hold an advisory lock, the oldest first."""
    return [text for (text,) in conn.execute(SESSIONS, {"lock": lock})]


def holders(conn: psycopg.Connection) -> list[str]:
    """Who holds the target now, in sentences: the lease, and the fence; none if nobody does."""
    leading, writing = sessions(conn, LOCK), sessions(conn, fence.key_of(LOCK))
    told = [f"{session} holds the lease" for session in leading]
    told += ["nobody holds the lease: its session was ended"] if writing and not leading else []
    return told + [f"{session} writes" for session in writing]


def at_work(found: Iterable[Run], is_held: bool) -> Run | None:
    """The run under way, if there is one: the last begun of those that have not ended; the others have died."""
    under_way = [run for run in found if run.state in OPEN]
    return max(under_way, key=lambda run: run.started_at) if under_way and is_held else None


def is_held(conn: psycopg.Connection) -> bool:
    """Whether some session holds the lease now, or writes for a run that has lost it."""
    return bool(sessions(conn, LOCK) or sessions(conn, fence.key_of(LOCK)))


def holder(conn: psycopg.Connection) -> str:
    """Who holds the target: the run, where the books can be read, and the session."""
    run = None if bookkeeping.faults(conn) else at_work(bookkeeping.runs(conn), is_held=True)
    names = [f"run {run.run_id} into {run.target_schema}"] if run else []
    found = sessions(conn, LOCK) or sessions(conn, fence.key_of(LOCK))
    return ", ".join([*names, _folded(found)] if found else names) or "it has just ended"


def _folded(found: list[str]) -> str:
    more = len(found) - SHOWN
    return ", ".join(found[:SHOWN]) + (f" and {more} more" if more > 0 else "")


TARGET = Place(LOCK, "target", TargetError, connect.target, "run", holder)
