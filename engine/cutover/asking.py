"""How the lock is asked for: again and again, never long at a time, and whoever holds out is known by name.

Laws
- One try keeps writers waiting for TRY_MS at most; between two of them they go on.
- Whoever waits for us in a circle meets no error: we have given way before the server looks for one (deadlock_timeout).
- Which tables there are is looked at once more under the lock: one that was made meanwhile is not forgotten.
- Nobody is ended unless that was asked for.
"""

import contextlib
import logging
import random
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from config.errors import MigrateError
from engine.cutover import holdouts, locking
from engine.cutover.holdouts import Holdout
from engine.cutover.lock import Locked, Place
from engine.cutover.locking import Table
from engine.cutover.timer import Timer
from engine.session import fetch
from engine.session.connect import LOCK_SECONDS
from engine.session.patience import pause

TRIES = 20
LOCK_MS, TRY_MS = 500, 1000  # for one table, and for all of them
PAUSE_SECONDS = (0.1, 0.5)  # by chance
NOT_HAD = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected, psycopg.errors.UndefinedTable)
DEADLOCK_MS = "select int4in(textout(setting)) from pg_settings where name = 'deadlock_timeout'"
TIME_OUTS = ("statement_timeout", "idle_in_transaction_session_timeout", "transaction_timeout")
LIMIT = "select set_config(name, %s, true) from pg_settings where name = any(%s)"

LOG = logging.getLogger("engine")


@dataclass
class Asking:
    """One endeavour. is_given: the session is in a transaction already. seen: transactions that hold out, since when.
    found: the latest that were seen."""

    conn: psycopg.Connection
    place: Place
    schema: str
    names: Iterable[str] | None
    budget: float
    is_given: bool
    seen: dict[str, float] = field(default_factory=dict)
    found: list[Holdout] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    def until_had(self, wait: float, terminate_after: float | None, watch: Timer) -> Locked:
        """Errors: those of the place; sqlstate is 55P03 if the lock was not had. Interrupted."""
        began, tries = time.monotonic(), 0
        with self.place.blame("asking for the lock"):
            deadlock_ms = fetch.value(int, self.conn, DEADLOCK_MS)
        while tries < TRIES and (not tries or time.monotonic() < began + wait):
            tries += 1
            asked_at = time.monotonic()
            with self.place.blame("asking for the lock"):
                wanted = locking.tables(self.conn, self.schema, self.names)
                if not wanted:
                    raise self.place.kind(f"schema {self.schema} has no tables to lock; was it renamed already?")
                if self._try(wanted, min(LOCK_MS, deadlock_ms // 2)):
                    return self._had(wanted, tries, asked_at, watch)
                self._look(wanted, terminate_after, deadlock_ms)
            pause(random.uniform(*PAUSE_SECONDS), self.place.stop)  # noqa: S311  # no secret
        raise self._not_had(tries, time.monotonic() - began)

    def _try(self, wanted: Collection[Table], lock_ms: int) -> bool:
        """Whether all of them are locked now; else none is."""
        try:
            self._begin(self._limits(lock_ms), locking.statement(wanted))
        except NOT_HAD:
            self._undo()
            return False
        except psycopg.errors.QueryCanceled:
            if self.place.stop.is_set():
                raise
            self._undo()
            return False
        if locking.tables(self.conn, self.schema, self.names) == wanted:
            return True
        self._undo()
        return False

    def _limits(self, lock_ms: int) -> sql.Composed:
        """In force before the lock is: were we frozen at that very moment, the server would end it all the same."""
        budget = max(1, int(self.budget * 1000))
        limits = {
            "lock_timeout": lock_ms,
            "statement_timeout": TRY_MS,
            "idle_in_transaction_session_timeout": budget,
        }
        if self.conn.info.server_version >= 170_000:
            limits["transaction_timeout"] = budget + TRY_MS
        made = [sql.SQL("set local {} = {}").format(sql.SQL(name), sql.Literal(ms)) for name, ms in limits.items()]
        return sql.SQL("; ").join(made)

    def _begin(self, *statements: sql.Composable) -> None:
        begin = sql.SQL("savepoint before_the_lock" if self.is_given else "begin isolation level read committed")
        self.conn.execute(sql.SQL("; ").join([begin, *statements]))

    def _undo(self) -> None:
        to_savepoint = "rollback to savepoint before_the_lock; release savepoint before_the_lock"
        self.conn.execute(to_savepoint if self.is_given else "rollback")

    def _had(self, wanted: tuple[Table, ...], tries: int, asked_at: float, watch: Timer) -> Locked:
        had_at, deadline = time.monotonic(), asked_at + self.budget
        try:
            watch.start(self.conn, deadline - time.monotonic())
            self.conn.execute(LIMIT, [f"{max(1, int((deadline - time.monotonic()) * 1000))}ms", list(TIME_OUTS)])
            self.conn.execute(f"set local lock_timeout = '{LOCK_SECONDS}s'".encode())
            (had_on,) = fetch.one(self.conn, "select clock_timestamp()")
        except BaseException:
            with contextlib.suppress(psycopg.Error):
                self._undo()
            raise
        return Locked(
            self.conn, self.place, self.schema, wanted, tries, asked_at, had_at, had_on, deadline, tuple(self.ended)
        )

    def _look(self, wanted: Collection[Table], terminate_after: float | None, deadlock_ms: int) -> None:
        """See who holds out, and do something about those about whom something is to be done."""
        oids = locking.oids(wanted)
        found = holdouts.of(self.conn, oids)
        self.found = found or self.found
        now = time.monotonic()
        self.seen = {one.transaction: self.seen.get(one.transaction, now) for one in found}
        for one in found:
            if terminate_after is not None and now - self.seen[one.transaction] >= terminate_after:
                self._end(oids, one)
        held = {oid for one in found if one.is_of_server for oid in one.oids}
        for table in (table for table in wanted if table.oid in held):
            self._send_away(table, deadlock_ms)

    def _end(self, oids: Collection[int], one: Holdout) -> None:
        try:
            with self.conn.transaction():
                is_ended = holdouts.end(self.conn, oids, one)
        except psycopg.errors.InsufficientPrivilege:
            LOG.warning("may not be ended by this role, which is no member of pg_signal_backend: %s", one)
            return
        if is_ended:
            LOG.warning("ended for the lock, as asked: %s", one)
            self.ended.append(str(one))

    def _send_away(self, table: Table, deadlock_ms: int) -> None:
        """An autovacuum gives way to whoever has waited for deadlock_timeout. We do, for this one table and while we
        hold none of the others, so nobody can wait for us in a circle."""
        limit = sql.SQL("set local lock_timeout = {}").format(sql.Literal(deadlock_ms + LOCK_MS))
        lock = sql.SQL("lock table only {} in share row exclusive mode").format(table.identifier)
        with contextlib.suppress(*NOT_HAD):
            self._begin(limit, lock)
        self._undo()

    def _not_had(self, tries: int, seconds: float) -> MigrateError:
        what = f"the writers of schema {self.schema} could not be locked out in {tries} tries and {seconds:.0f} s"
        if self.found:
            told = f"{what}: {holdouts.told(self.found)}; nothing was changed; {holdouts.remedy(self.found)}"
        else:
            told = f"{what}; nobody was seen to hold out; nothing was changed; try again with fewer writes"
        error = self.place.kind(told)
        error.sqlstate, error.retryable = psycopg.errors.LockNotAvailable.sqlstate or "", True
        return error
