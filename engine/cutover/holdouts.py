"""Transactions that keep the fence's lock away, or may have written: who they are, and how they are ended.

Laws
- A transaction is known by its virtual id, which no other has while it lives: whoever has held out for long is not
  taken for the next transaction of the same session.
- Only what holds a lock in the way, on one of these tables, is ended. A prepared transaction never is: it was promised.
- No text of a query is told.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import psycopg

HOLDOUTS = (Path(__file__).parent / "sql" / "holdouts.sql").read_text(encoding="utf-8")
WRITING = ("RowExclusiveLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")
IN_THE_WAY = (*WRITING, "ShareLock", "ShareUpdateExclusiveLock")
NAMED = 5  # of those that an error tells of

# Whether it still holds on is looked at once more by the statement that ends it.
END = """
    select pg_terminate_backend(%(process)s) where exists (
        select from pg_locks
        where granted and locktype = 'relation' and relation::bigint = any(%(tables)s) and mode = any(%(modes)s)
          and database = (select oid from pg_database where datname = current_database())
          and virtualtransaction = %(transaction)s and pid = %(process)s
    )
"""


@dataclass(frozen=True)
class Holdout:
    """One transaction. process: None of a prepared one, which has a name (gid). age: seconds; None where the role may
    not see it. is_of_server: no client's, such as an autovacuum's."""

    transaction: str
    process: int | None
    role: str | None
    application: str | None
    state: str | None
    age: float | None
    gid: str | None
    is_of_server: bool
    oids: list[int]
    tables: list[str]

    def __str__(self) -> str:
        where = f"on {', '.join(self.tables[:3])}{' …' if len(self.tables) > 3 else ''}"
        age = "" if self.age is None else f" for {self.age:.0f} s"
        if self.gid is not None:
            return f"prepared transaction '{self.gid}' of {self.role}{age}, {where}"
        if self.is_of_server:
            return f"process {self.process} of the server itself (autovacuum), {where}"
        told = ", ".join(filter(None, (self.application, self.state)))
        return f"session {self.process} of {self.role}{f' ({told})' if told else ''} in its transaction{age}, {where}"


def of(conn: psycopg.Connection, tables: Collection[int], modes: Collection[str] = IN_THE_WAY) -> list[Holdout]:
    """Who else holds a lock of these modes on one of the tables (by oid), the oldest first."""
    conn.execute("select pg_stat_clear_snapshot()")  # within a transaction the first look would stand
    found = conn.execute(HOLDOUTS, {"tables": list(tables), "modes": list(modes)}).fetchall()
    return [Holdout(*row) for row in found]


def end(conn: psycopg.Connection, tables: Collection[int], one: Holdout) -> bool:
    """End the session of this transaction, if it still holds on; whether it was. Errors: psycopg's, where the role may
    not."""
    if one.process is None or one.is_of_server:
        return False
    known = {"transaction": one.transaction, "process": one.process}
    given = {"tables": list(tables), "modes": list(IN_THE_WAY), **known}
    return (True,) in conn.execute(END, given).fetchall()


def told(found: Collection[Holdout]) -> str:
    """Who they are, in a line."""
    named = [str(one) for one in list(found)[:NAMED]]
    more = len(found) - len(named)
    return "; ".join(named + ([f"and {more} more"] if more else []))


def remedy(found: Collection[Holdout]) -> str:
    """What to do about them."""
    gids = [one.gid for one in found if one.gid is not None]
    prepared = "COMMIT PREPARED or ROLLBACK PREPARED ends what was prepared" if gids else ""
    others = "end their sessions, or name a time after which that is done" if len(gids) < len(found) else ""
    return " and ".join(filter(None, (prepared, others)))
