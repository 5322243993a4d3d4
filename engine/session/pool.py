"""Sessions of one run, lent to its chunks and steps one after the other.

Laws
- Sessions on the source that are lent have joined the snapshot; those on the target are in no transaction. The pool may
  outlast its snapshot: sessions leave it, and join the next one when they are lent again; one that has ended meanwhile
  is replaced.
- A session whose use raised an error is closed, never lent again, and those of its kind that lie idle with it: what
  ended one has often ended all.
- A psycopg session on the target or the staging copy stands behind the fence (Guard); what ADBC asks there it only
  reads.
- Nothing is lent once the run has lost what it cannot go on without.
- Opening one costs 20 to 60 ms (ADBC reads the catalogue of types), as much as a small table takes to load.
"""

import contextlib
import queue
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Literal, Protocol, overload

import adbc_driver_postgresql.dbapi as adbc
import psycopg
from psycopg import sql

from config.errors import MigrateError, SourceError, StagingError
from config.postgres.connection import Connection
from config.settings import Settings
from engine.session import connect
from engine.session.blame import blame
from engine.session.snapshot import ExportedSnapshot
from engine.session.stop import Stop
from engine.session.throttle import Throttle

Session = psycopg.Connection | adbc.Connection
Lent = tuple[contextlib.ExitStack, Session, ExportedSnapshot | None]  # with the snapshot that it has joined
OPENERS: dict[str, Callable[[Connection, Stop], AbstractContextManager[Session]]] = {
    "source": connect.source,
    "target": connect.target_loading,
    "staging": connect.staging,
    "adbc_source": connect.adbc_source,
    "adbc_target": connect.adbc_target,
}


def use_copy(session: psycopg.Connection, settings: Settings) -> None:
    """The same for the staging copy, which has the legacy schema's own name."""
    path = [settings.source_schema, settings.extension_schema]
    query = sql.SQL("set search_path = {}").format(sql.SQL(", ").join(map(sql.Identifier, path)))
    with blame(StagingError, "setting the search path"):
        session.execute(query)


class Guard(Protocol):
    """The run's right to write."""

    def check(self) -> None:
        """Errors: that of a side, once the run cannot go on."""

    def enter(self, session: psycopg.Connection) -> None:
        """Let the session write. Errors: that of its side, if the run may not any more."""

    def elsewhere(self) -> "Guard":
        """The same for another process; picklable."""


class Pool:
    """Lends sessions by kind, a key of OPENERS. Thread-safe; close() ends those that are idle.

    throttle: of those who read the source.
    """

    def __init__(self, settings: Settings, snapshot: ExportedSnapshot, stop: Stop, guard: Guard):
        self._settings, self._snapshot, self._stop, self.guard = settings, snapshot, stop, guard
        self.throttle = Throttle(settings.read_megabytes_per_second, stop)
        self._idle: dict[str, queue.LifoQueue[Lent]] = {kind: queue.LifoQueue() for kind in OPENERS}

    @overload
    def lend(self, kind: Literal["source", "target", "staging"]) -> AbstractContextManager[psycopg.Connection]: ...

    @overload
    def lend(self, kind: Literal["adbc_source", "adbc_target"]) -> AbstractContextManager[adbc.Connection]: ...

    def lend(self, kind: str) -> AbstractContextManager[Session]:
        """A session for the block. Errors: SourceError, TargetError, StagingError."""
        return self._lent(kind)

    @contextlib.contextmanager
    def _lent(self, kind: str) -> Iterator[Session]:
        self.guard.check()
        stack, session, joined = self._take(kind)
        try:
            yield session
        except BaseException:
            stack.close()
            self._close_idle(kind)
            raise
        self._idle[kind].put((stack, session, joined))

    def leave(self) -> None:
        """Let go of the snapshot."""
        for kind in ("source", "adbc_source"):
            for stack, session, _ in self._drained(kind):
                try:
                    with blame(SourceError, "leaving the snapshot", self._stop):
                        session.rollback()
                except MigrateError:  # it has ended, and holds nothing any more
                    stack.close()
                else:
                    self._idle[kind].put((stack, session, None))

    def see(self, snapshot: ExportedSnapshot) -> None:
        """Sessions that are lent from now on have joined this one."""
        self._snapshot = snapshot

    def close(self) -> None:
        for kind in OPENERS:
            self._close_idle(kind)

    def _close_idle(self, kind: str) -> None:
        for stack, *_ in self._drained(kind):
            stack.close()

    def _drained(self, kind: str) -> list[Lent]:
        """Those that lie idle, taken out."""
        found: list[Lent] = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._idle[kind].get_nowait())
        return found

    def _take(self, kind: str) -> Lent:
        """A session that lies idle, or a new one. Errors: as lend."""
        snapshot = self._snapshot if kind.endswith("source") else None
        with contextlib.suppress(queue.Empty):
            while True:
                stack, session, joined = self._idle[kind].get_nowait()
                with contextlib.suppress(SourceError), stack:
                    if joined is not snapshot:
                        self.rejoin(session)
                    return stack.pop_all(), session, snapshot
        with contextlib.ExitStack() as stack:
            session = self._opened(kind, stack)
            return stack.pop_all(), session, snapshot

    def _opened(self, kind: str, stack: contextlib.ExitStack) -> Session:
        url = getattr(self._settings, kind.removeprefix("adbc_"))
        session = stack.enter_context(OPENERS[kind](url, self._stop))
        if kind.endswith("source"):
            self.rejoin(session)
        elif isinstance(session, psycopg.Connection):
            self.guard.enter(session)
            if kind == "staging":
                use_copy(session, self._settings)
        return session

    def rejoin(self, session: Session) -> None:
        """Join the snapshot; a session whose transaction was rolled back is then as it was."""
        self._snapshot.join(session)
