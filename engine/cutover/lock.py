"""The lock that keeps writers waiting, and what is made of it: a fence that lasts, or nothing.

Laws
- The fence is made in the lock's own transaction, so that nobody can write between the two.
- What became of a commit of which no answer came is asked of the server, by the transaction's number.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import psycopg

from config.errors import MigrateError
from engine.cutover import binding
from engine.cutover.binding import Binding, How
from engine.cutover.locking import Table
from engine.session import fetch
from engine.session.blame import blame
from engine.session.stop import Stop

SETTLE_SECONDS = 10.0  # that a commit of which no answer came may take
ASK_SECONDS = 0.2
# A commit that a role does not let wait for the disk could be lost with the server's next crash.
DURABLE = "select set_config('synchronous_commit', 'local', true) where current_setting('synchronous_commit') = 'off'"


@dataclass(frozen=True)
class Place:
    """Where the lock is. kind: its errors. opened: a session there that no request to stop reaches."""

    kind: type[MigrateError]
    stop: Stop
    opened: Callable[[], contextlib.AbstractContextManager[psycopg.Connection]]

    def blame(self, what: str) -> contextlib.AbstractContextManager[None]:
        return blame(self.kind, what, self.stop)


@dataclass
class Locked:
    """Writers wait. conn: the session that holds the lock, in its transaction.

    tries: how often the lock was asked for. asked_at, had_at: of the try that had it, by the monotonic clock. had_on:
    by the server's. deadline: when the server ends it, by the monotonic clock. ended: sessions that were ended for it.
    binding: the fence that was made in it, if one was. is_published: it is too late to say that nothing was changed.
    """

    conn: psycopg.Connection
    place: Place = field(repr=False)
    schema: str
    tables: tuple[Table, ...]
    tries: int
    asked_at: float
    had_at: float
    had_on: datetime
    deadline: float
    ended: tuple[str, ...]
    binding: Binding | None = None
    is_committed: bool = False
    is_published: bool = False
    _number: str = ""

    @property
    def left(self) -> float:
        """Seconds until the server ends it."""
        return self.deadline - time.monotonic()

    def check(self, reserve: float = 0.0) -> None:
        """Errors: those of the place, if the lock is no longer held, or not for so many seconds more."""
        if self.left <= reserve:
            raise self.over()
        with self.place.blame("holding the lock"):
            self.conn.execute("select")

    def bind(self, how: How) -> Binding:
        """Make the fence that lasts, in the lock's transaction; it is there once that is committed.

        Errors: PlanRefused, if it would not bind everybody; those of the place. Nothing is committed then.
        """
        with self.place.blame("making the fence"):
            self.binding = binding.bind(self.conn, self.schema, self.tables, how)
            self.conn.execute(DURABLE)
            self._number = fetch.value(str, self.conn, "select concat(pg_current_xact_id())")
        return self.binding

    def commit(self) -> None:
        """The fence stands, and the lock is gone. Errors: those of the place. Where a server cannot be asked any more,
        nobody knows whether the fence stands, and the error says so."""
        if self.binding is None:
            raise RuntimeError("a lock without a fence is not committed; bind it first")
        if self.left <= 0:
            raise self.over()
        try:
            with self.place.blame("making the fence"):
                done = self.conn.execute("commit").statusmessage
        except MigrateError as error:
            if not self._has_committed(error):
                raise
        else:
            if done != "COMMIT":  # a transaction that has failed is rolled back by it, without an error
                raise self.place.kind("the fence was not made, for its transaction had failed; writers go on")
        self.is_committed = True

    def _has_committed(self, error: MigrateError) -> bool:
        until = time.monotonic() + SETTLE_SECONDS
        while True:
            with contextlib.suppress(MigrateError, psycopg.Error), self.place.opened() as conn:
                state = fetch.one(conn, "select pg_xact_status(%s::xid8)", [self._number])[0]
                if state in ("committed", "aborted"):
                    return bool(state == "committed")
            if time.monotonic() > until:
                raise self.place.kind(
                    f"no answer came to the commit of the fence ({error}), nor can the server be asked; whether "
                    f"writers go on is not known: ask it for pg_xact_status('{self._number}') before anything else"
                ) from None
            time.sleep(ASK_SECONDS)

    def over(self) -> MigrateError:
        """The error of a lock that was not committed in time."""
        return self.place.kind(
            f"the writers of schema {self.schema} waited for {self.deadline - self.asked_at:g} s, all that was "
            f"allowed, and go on; nothing was changed; allow more, or take an hour with fewer writes"
        )
