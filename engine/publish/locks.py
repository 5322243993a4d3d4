"""Locks on schemas of ours while one is put in place of another.

Laws
- All waits of one switch for locks on tables take together no longer than its caller allows. Then whoever holds a lock
  is named, and nothing has changed.
- Writers are locked out of a schema that is judged, or replaced; its readers go on. Of one that is dropped readers are
  waited for, too.
"""

import contextlib
import time
from collections.abc import Iterator

import psycopg
from psycopg import sql

from config.errors import TargetError
from engine.books.bookkeeping import SchemaRecord
from engine.changes import access, kept
from engine.session import fetch
from engine.session.blame import blame

LOCK_NOT_HAD = "55P03"
CANCELED = "57014"
SHARE, ALONE = "share", "access exclusive"
LOCK = "lock table {} in {} mode"

# Readers of a schema whose writers are locked out are in nobody's way; whoever uses one that is to be dropped is.
BLOCKERS = """
    select distinct format('session %%s of %%s (%%s, %%s)', a.pid, a.usename, nullif(a.application_name, ''), a.state)
    from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
    join pg_stat_activity a on a.pid = l.pid
    where l.database = (select oid from pg_database where datname = current_database())
      and l.granted and l.pid <> pg_backend_pid()
      and (n.nspname = any(%(dropped)s)
           or n.nspname = any(%(locked)s) and l.mode not in ('AccessShareLock', 'RowShareLock'))
    order by 1
"""


class Locks:
    """Takes locks in the transaction of a session, as long as it may wait. seconds: in all."""

    def __init__(self, conn: psycopg.Connection, seconds: float):
        self._conn, self._left = conn, seconds
        self._waited_for: dict[str, set[str]] = {SHARE: set(), ALONE: set()}
        self._former = {name: fetch.value(str, conn, f"show {name}") for name in ("lock_timeout", "statement_timeout")}
        self._set("lock_timeout")

    def keep_writers_away(self, schema: SchemaRecord | None) -> list[str]:
        """Wait for the transactions that have written to its tables, and let no others begin; readers go on. Gives the
        tables that the role may not lock, which are passed over."""
        return self._take(schema, SHARE)

    def keep_all_away(self, schema: SchemaRecord | None) -> list[str]:
        """The same with readers."""
        return self._take(schema, ALONE)

    def _take(self, schema: SchemaRecord | None, mode: str) -> list[str]:
        if schema is None:
            return []
        self._waited_for[mode].add(schema.name)
        found = access.of(self._conn, schema.name, kept.tables(self._conn, schema)).values()
        if tables := [sql.Identifier(schema.name, table.table) for table in found if table.may_lock]:
            self._wait(sql.SQL(LOCK).format(sql.SQL(", ").join(tables), sql.SQL(mode)))
        return [f"table {schema.name}.{table.table}" for table in found if not table.may_lock]

    def _wait(self, query: sql.Composed) -> None:
        self._set("statement_timeout")  # the other one counts anew for each table
        began = time.monotonic()
        try:
            self._conn.execute(query)
        finally:
            self._left -= time.monotonic() - began
        self._put_back("statement_timeout")
        self._set("lock_timeout")

    def _set(self, name: str) -> None:
        left = max(1, int(self._left * 1000))  # 0 would be for ever
        self._conn.execute("select set_config(%s, %s, true)", [name, f"{left}ms"])

    def end(self) -> None:
        """The rest of the caller's transaction waits as before."""
        self._put_back("lock_timeout")

    def _put_back(self, name: str) -> None:
        self._conn.execute("select set_config(%s, %s, true)", [name, self._former[name]])

    def is_over(self) -> bool:
        return self._left < 0.01

    def blockers(self) -> str:
        """The sessions that are in the way, for a message."""
        given = {"dropped": [*self._waited_for[ALONE]], "locked": [*self._waited_for[SHARE]]}
        return ", ".join(row[0] for row in self._conn.execute(BLOCKERS, given)) or "another session"


@contextlib.contextmanager
def within(conn: psycopg.Connection, what: str, seconds: float) -> Iterator[Locks]:
    """One transaction that waits for locks no longer than this, and then says who holds them. Errors: TargetError."""
    locks = None
    try:
        with blame(TargetError, what), conn.transaction():
            locks = Locks(conn, seconds)
            yield locks
            locks.end()
    except TargetError as error:
        if locks and (error.sqlstate == LOCK_NOT_HAD or (error.sqlstate == CANCELED and locks.is_over())):
            busy = f"{locks.blockers()} held a lock for {seconds:g} s"
            text = f"{what}: {busy}; nothing was changed; end it, or try later"
            error.args, error.sqlstate, error.retryable = (text,), LOCK_NOT_HAD, True
        raise
