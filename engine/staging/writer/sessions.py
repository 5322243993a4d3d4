"""One session of the writer: transactions at a pace, of one write or of some.

Laws
- It waits as an application would, for as long as the server makes it wait; it goes on after every error, and opens a
  new session where it has lost one.
- What it was late for it leaves out: no burst follows a pause.
- A kind of write that a table has always refused is not tried for ever.
"""

import contextlib
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from config.errors import Interrupted, MigrateError
from config.postgres.connection import Connection
from config.settings import Settings
from engine.session import connect
from engine.session.pool import use_copy
from engine.session.stop import Stop
from engine.staging.writer import statements
from engine.staging.writer.statements import NO_KEY, Writable
from engine.staging.writer.written import Key, Log

KINDS, SHARES = ("insert", "update", "delete"), (40, 45, 15)
MOST_WRITES, TRIES, AGAIN_SECONDS = 3, 3, 0.2
LOST = "08006"
Write = tuple[str, str, Key, int]  # table, kind, key, transaction


@contextlib.contextmanager
def opened(place: Connection, settings: Settings, stop: Stop) -> Iterator[psycopg.Connection]:
    """A session in which the copy's own functions and types are found, as the application's are."""
    with connect.staging(place, stop) as conn:
        use_copy(conn, settings)
        conn.execute("set lock_timeout = 0")
        yield conn


@dataclass(frozen=True)
class Pace:
    """beat: seconds from one transaction of a session to its next. over: is set when the writing ends; asked: a request
    of others to stop; cancel: cancels what still waits then."""

    beat: float
    over: threading.Event
    asked: Stop
    cancel: Stop

    @property
    def is_over(self) -> bool:
        return self.over.is_set() or self.asked.is_set()


class Rows:
    """The rows that a session may write to. keys: of the copy's own rows that are this session's alone."""

    def __init__(
        self, tables: dict[str, Writable], keys: dict[str, list[Key]], numbers: Iterator[int], rng: random.Random
    ):
        self.tables, self.keys, self.numbers, self.rng = tables, keys, numbers, rng
        self._like = {name: list(found) for name, found in keys.items()}  # what copies are made of; it stays
        self._own: dict[str, list[Key]] = defaultdict(list)  # inserted here, and nothing refers to it
        self._tried: Counter[tuple[str, str]] = Counter()
        self._names, self._weights = [*tables], [table.weight for table in tables.values()]

    def statement(self) -> tuple[str, str, psycopg.sql.Composed] | None:
        """A table, a kind and the statement; None where the table has nothing for it."""
        name, kind = self.rng.choices(self._names, self._weights)[0], self.rng.choices(KINDS, SHARES)[0]
        if self._tried[name, kind] >= TRIES:
            return None
        made = getattr(self, f"_{kind}")(self.tables[name])
        return (name, kind, made) if made else None

    def _insert(self, table: Writable) -> psycopg.sql.Composed | None:
        if table.key and not self._like[table.legacy.name]:
            return None
        like = self.rng.choice(self._like[table.legacy.name]) if table.key else NO_KEY
        parents = {column: self._parent(parent) for column, parent in table.parents.items() if column in table.new}
        return statements.insert(table, like, next(self.numbers), self.rng, parents)

    def _parent(self, name: str) -> str | None:
        """The key of a row to refer to: one that nothing refers to yet, if there is one."""
        if own := self._own.get(name):
            return own.pop(self.rng.randrange(len(own))).columns[0]
        found = self._like.get(name)
        return self.rng.choice(found).columns[0] if found else None

    def _update(self, table: Writable) -> psycopg.sql.Composed | None:
        known = [*self.keys[table.legacy.name], *self._own[table.legacy.name]]
        if not known or not table.others:
            return None
        chosen = self.rng.sample(table.others, min(len(table.others), self.rng.randrange(1, 3)))
        return statements.update(table, self.rng.choice(known), self.rng.choice(known), chosen)

    def _delete(self, table: Writable) -> psycopg.sql.Composed | None:
        name = table.legacy.name
        known = self._own[name] if table.is_parent else [*self._own[name], *self.keys[name]]
        return statements.delete(table, self.rng.choice(known)) if known else None

    def learn(self, writes: list[Write]) -> None:
        """These were committed."""
        for name, kind, key, _ in writes:
            self._tried[name, kind] = -1_000_000  # it can be done
            if kind == "insert" and key.columns:
                self._own[name].append(key)
            elif kind == "delete":
                for known in (self._own[name], self.keys[name], self._like[name]):
                    with contextlib.suppress(ValueError):
                        known.remove(key)

    def refused(self, name: str, kind: str) -> None:
        self._tried[name, kind] += 1


class Session:
    """One thread's work."""

    def __init__(self, place: Connection, settings: Settings, pace: Pace, log: Log, rows: Rows):
        self._place, self._settings, self._pace, self._log, self._rows = place, settings, pace, log, rows
        self._at = ("", "")  # table and kind of the statement under way

    def run(self) -> None:
        """Until the writing is over."""
        while not self._pace.is_over:
            began = datetime.now(UTC)
            try:
                with opened(self._place, self._settings, self._pace.cancel) as conn:
                    self._write(conn)
            except Interrupted:
                return
            except (MigrateError, psycopg.Error) as error:
                self._log.fail(began, "", error.sqlstate or LOST, is_doubtful=False)
                self._pace.over.wait(AGAIN_SECONDS)

    def _write(self, conn: psycopg.Connection) -> None:
        """Until the session is lost, or the writing over."""
        due = time.monotonic()
        while not self._pace.is_over and not conn.closed:
            self._transaction(conn)
            due = max(due + self._pace.beat, time.monotonic() - self._pace.beat)
            self._pace.over.wait(max(0.0, due - time.monotonic()))

    def _transaction(self, conn: psycopg.Connection) -> None:
        """Errors: none of the server's; they are told to the log."""
        count = self._rows.rng.choice((1, 1, 1, self._rows.rng.randint(2, MOST_WRITES)))
        began, self._at = datetime.now(UTC), ("", "")
        try:
            with contextlib.nullcontext() if count == 1 else conn.transaction():
                writes = [write for _ in range(count) for write in self._one(conn)]
        except psycopg.Error as error:
            self._failed(conn, began, error)
            return
        if writes:
            self._log.acknowledge(began, writes)
            self._rows.learn(writes)

    def _one(self, conn: psycopg.Connection) -> list[Write]:
        """One write; what it wrote: nothing where the table that was drawn has none. Errors: psycopg.Error."""
        if (planned := self._rows.statement()) is None:
            return []
        name, kind, statement = planned
        self._at = (name, kind)
        found = conn.execute(statement).fetchall()
        return [(name, kind, Key(tuple(columns), text), int(xid)) for xid, columns, text in found]

    def _failed(self, conn: psycopg.Connection, began: datetime, error: psycopg.Error) -> None:
        if self._pace.cancel.is_set():
            return  # we have cancelled it ourselves
        name, kind = self._at
        self._log.fail(began, name, error.sqlstate or LOST, is_doubtful=conn.closed)
        if (error.sqlstate or "").startswith(("22", "23", "42", "44", "P0")):
            self._rows.refused(name, kind)
