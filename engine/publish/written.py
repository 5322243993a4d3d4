"""What was written to a schema of ours since it was put in place, table by table: what a rollback would set aside.

Laws
- Told by the change feed from the schema's mark (engine.changes): exact, whatever was written and by whom.
- Where no mark says anything (an older program put the schema in place, or the server is another one), all rows of all
  tables count, and why is said.
- The caller keeps writers away, or looks through one snapshot.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from engine.books.bookkeeping import SchemaRecord
from engine.changes import feed, kept, keys
from engine.changes.feed import Changes, Found
from engine.changes.keys import Settled
from engine.publish.export import Export

OLDER = "an older version of this program put it in place and took no note of what it held"
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
class Written:
    """tables: those that were written to. since: when the schema was marked, as text; None where nothing is known.

    unknown: why nothing can be told; empty where it can. Then tables are all that hold a row.
    """

    tables: tuple[Table, ...] = ()
    since: str | None = None
    unknown: str = ""

    @property
    def rows(self) -> int:
        return sum(table.inserted + table.updated + table.deleted for table in self.tables)


def read(conn: psycopg.Connection, schema: SchemaRecord, export: Export | None = None) -> Written:
    """What was written to this schema. export: where it is put, too. Errors: VerificationFailed, ConfigError."""
    mark = kept.read(conn, schema.schema_oid)
    names = {*kept.tables(conn, schema), *(mark.mark.tables if mark else ())}
    changes = feed.compare(conn, schema.name, sorted(names), mark.mark if mark else None)
    tables = tuple(_told(conn, schema, changes, found, export) for found in changes.changed if found.is_written)
    unknown = changes.anew if mark else OLDER
    return Written(tables, mark.taken_at.isoformat() if mark and not unknown else None, unknown)


def _told(
    conn: psycopg.Connection, schema: SchemaRecord, changes: Changes, found: Found, export: Export | None
) -> Table:
    with _settled(conn, schema, changes, found) as settled:
        if export and found.table:
            export.add(conn, changes, found, settled)
    if settled:
        note = f"{found.whole}; all its rows are exported" if found.whole and export else found.whole
        return Table(found.name, settled.inserted, settled.updated, settled.gone, note)
    lost = 0 if found.whole == feed.NEW_TABLE else found.lost
    note = "" if changes.anew else f"{found.whole}; {BOTH}" if found.written and lost else found.whole
    return Table(found.name, found.written, 0, lost, note)


@contextlib.contextmanager
def _settled(
    conn: psycopg.Connection, schema: SchemaRecord, changes: Changes, found: Found
) -> Iterator[Settled | None]:
    """What has become of its keys; None where they cannot be compared with those that it had."""
    then = changes.since.tables.get(found.name) if changes.since else None
    if then is None or found.table is None or not then.key or then.key != found.table.key:
        yield None
        return
    known = kept.recall(conn, schema, found.table)
    try:
        with keys.settled(conn, conn, changes, found, known) as settled:
            yield settled
    finally:
        if conn.info.transaction_status is not psycopg.pq.TransactionStatus.INERROR:
            kept.drop_recalled(conn)
