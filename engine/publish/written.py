"""What was written to a schema of ours since it was put in place, table by table: what a rollback would set aside.

Laws
- Told by the change feed from the schema's mark (engine.changes): exact, whatever was written and by whom.
- Where no mark says anything (an older program put the schema in place, or the server is another one), all rows of all
  tables count, and why is said.
- A table that the role cannot read is counted apart, as one of which nothing can be told, and keeps no other from being
  counted.
- The caller keeps writers away, or looks through one snapshot. Tables whose writers could not be kept away are named:
  what is counted of them need not be all.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import psycopg

from config.errors import VerificationFailed
from engine.books.bookkeeping import SchemaRecord
from engine.changes import access, feed, kept, keys
from engine.changes.access import Access
from engine.changes.feed import Changes, Found
from engine.changes.keys import Settled
from engine.changes.marks import Mark
from engine.publish.export import Export

OLDER = "an older version of this program put it in place and took no note of what it held"
UNMARKED = "it could not be read when it was put in place, so that no note was taken of it"
UNSETTLED = "its keys cannot be compared with those that were noted"
BOTH = "an updated row counts as inserted and as deleted"


@dataclass(frozen=True)
class Table:
    """Rows of one table. note: what is to be known about the figures, empty where they say it all."""

    table: str
    inserted: int
    updated: int
    deleted: int
    note: str = ""


@dataclass(frozen=True)
class Closed:
    """A table of which nothing can be told, or whose writers cannot be kept away. remedy: the statement that mends it;
    empty where there is none. is_readable: whether all its rows can be exported."""

    table: str
    why: str
    remedy: str
    is_readable: bool


@dataclass(frozen=True)
class Written:
    """tables: those that were written to. since: when the schema was marked, as text; None where nothing is known.

    unknown: why nothing can be told; empty where it can. Then tables are all that hold a row.
    untold: tables of which nothing can be told; unlocked: those whose writers cannot be kept away.
    """

    tables: tuple[Table, ...] = ()
    since: str | None = None
    unknown: str = ""
    untold: tuple[Closed, ...] = ()
    unlocked: tuple[Closed, ...] = ()

    @property
    def rows(self) -> int:
        return sum(table.inserted + table.updated + table.deleted for table in self.tables)


def read(conn: psycopg.Connection, schema: SchemaRecord, export: Export | None = None) -> Written:
    """What was written to this schema. export: where it is put, too. Errors: ConfigError."""
    mark, allowed = kept.read(conn, schema.schema_oid), access.of(conn, schema.name, kept.tables(conn, schema))
    closed = {name for name, table in allowed.items() if table.unreadable}
    names = {*allowed, *(mark.mark.tables if mark else ())} - closed

    def compared(some: list[str]) -> Changes:
        return feed.compare(conn, schema.name, some, _only(mark.mark, some) if mark else None)

    changes, spared = access.sparing(conn, schema.name, names, compared)
    unmarked = {*mark.mark.unread} & changes.tables.keys() if mark else set()
    told = [found for found in changes.changed if found.is_written or found.name in unmarked]
    tables = tuple(_told(conn, schema, changes, found, export) for found in told)
    unknown = changes.anew if mark else OLDER
    taken_at = mark.taken_at.isoformat() if mark and not unknown else None
    untold = (*_unread(allowed, spared), *(Closed(name, UNMARKED, "", True) for name in sorted(unmarked)))
    return Written(tables, taken_at, unknown, untold, _unlocked(allowed))


def _only(mark: Mark, names: list[str]) -> Mark:
    """The mark without the tables that cannot be read now."""
    return replace(mark, tables={name: mark.tables[name] for name in names if name in mark.tables})


def _unread(allowed: dict[str, Access], spared: dict[str, str]) -> list[Closed]:
    closed = [
        Closed(name, table.unreadable, table.to_read, False) for name, table in allowed.items() if table.unreadable
    ]
    return [*closed, *(Closed(name, why, "", False) for name, why in spared.items())]


def _unlocked(allowed: dict[str, Access]) -> tuple[Closed, ...]:
    why = "its writers cannot be kept away meanwhile"
    return tuple(
        Closed(name, why, table.to_lock, not table.unreadable) for name, table in allowed.items() if not table.may_lock
    )


def _told(
    conn: psycopg.Connection, schema: SchemaRecord, changes: Changes, found: Found, export: Export | None
) -> Table:
    with contextlib.ExitStack() as stack:
        try:
            settled = stack.enter_context(_settled(conn, schema, changes, found))
        except (VerificationFailed, psycopg.errors.InsufficientPrivilege):
            settled, found = None, replace(found, whole=UNSETTLED)
        if export and found.table:
            export.add(conn, changes, found, settled)
    if settled:
        note = f"{found.whole}; all its rows are exported" if found.whole and export else found.whole
        return Table(found.name, settled.inserted, settled.updated, settled.gone, note)
    lost = 0 if found.whole == feed.NEW_TABLE else found.lost
    if changes.since and found.name in changes.since.unread:
        return Table(found.name, found.written, 0, 0, UNMARKED)
    note = "" if changes.anew else f"{found.whole}; {BOTH}" if found.written and lost else found.whole
    return Table(found.name, found.written, 0, lost, note)


@contextlib.contextmanager
def _settled(
    conn: psycopg.Connection, schema: SchemaRecord, changes: Changes, found: Found
) -> Iterator[Settled | None]:
    """What has become of its keys; None where they cannot be compared with those that it had.

    Errors: VerificationFailed if the figures do not add up; InsufficientPrivilege if the role may make no temporary
    tables, in which keys are compared.
    """
    then = changes.since.tables.get(found.name) if changes.since else None
    if then is None or found.table is None or not then.key or then.key != found.table.key:
        yield None
        return
    with conn.transaction():  # what fails within leaves nothing behind
        known = kept.recall(conn, schema, found.table)
        with keys.settled(conn, conn, changes, found, [known]) as settled:
            yield settled
        kept.drop_recalled(conn)
