"""Which keys were changed and which are gone since a mark, proven by arithmetic.

Laws
- A new row whose key was known is an update, one whose key was not an insert. gone = lost - updates, exactly.
- Keys are compared only where rows were lost, and all of them only where some are gone: as many have to be found as the
  arithmetic says, or the round fails. Nobody goes on from figures that do not add up.
- Keys are compared by the database, in columns of their own types: 1.0 and 1.00 are one key, as the primary key has it.
- Of many keys those alone are compared that sums over buckets of them tell apart; where they do not come out, all are.
- They stand in temporary tables of the session that knows the keys, and are gone at the end of the block.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from config.errors import VerificationFailed
from engine.changes import buckets
from engine.changes.buckets import Buckets
from engine.changes.feed import Changes, Found
from engine.changes.marks import Described
from engine.session import fetch

WRITTEN, PRESENT, GONE = (sql.Identifier("pg_temp", name) for name in ("keys_written", "keys_present", "keys_gone"))


@dataclass(frozen=True)
class Settled:
    """What has become of the keys of one table. Identifiers name temporary tables with the key's columns.

    written: keys of the rows to read, as far as they had to be read; gone_keys: those that are gone. known: a query for
    those of the mark's snapshot.
    """

    inserted: int
    updated: int
    gone: int
    written: sql.Identifier
    gone_keys: sql.Identifier
    known: sql.Composable


@contextlib.contextmanager
def settled(
    reader: psycopg.Connection,
    conn: psycopg.Connection,
    changes: Changes,
    found: Found,
    known: Sequence[sql.Composable],
    written: sql.Identifier | None = None,
) -> Iterator[Settled]:
    """Settle a table that is there and has the key that it had. reader: the session that compared it.

    known: queries on conn that together give the keys of the mark's snapshot, in columns of the key's names and types.
    conn has a transaction open. written: a table of conn's with the keys of the rows to read, where these were read
    already. Errors: VerificationFailed.
    """
    columns, every = key_of(found).columns, sql.SQL(" union all ").join(known)
    for table in (WRITTEN, PRESENT, GONE):
        made = sql.SQL("create temporary table {} as select {} from ({}) as known with no data")
        conn.execute(made.format(table, columns, every))
    try:
        if written:
            query = sql.SQL("insert into {} select {columns} from {}").format(WRITTEN, written, columns=columns)
            conn.execute(query)
        elif found.lost:
            _copy(reader, conn, found, changes.rows_to_read(found), WRITTEN)
        updated, gone = _settle(reader, conn, changes, found, known)
        yield Settled(found.written - updated, updated, gone, WRITTEN, GONE, every)
    finally:
        if conn.info.transaction_status is not psycopg.pq.TransactionStatus.INERROR:
            conn.execute(sql.SQL("drop table if exists {}, {}, {}").format(WRITTEN, PRESENT, GONE))


def _settle(
    reader: psycopg.Connection,
    conn: psycopg.Connection,
    changes: Changes,
    found: Found,
    known: Sequence[sql.Composable],
) -> tuple[int, int]:
    """How many keys were changed and how many are gone; their tables are filled."""
    if not found.lost:
        return 0, 0
    conn.execute(sql.SQL("analyze {}").format(WRITTEN))
    # Each query by itself, so that the server may take the index of a table that has them.
    is_key = key_of(found).is_key("known", "w")
    among = [sql.SQL("exists (select from ({}) as known where {})").format(one, is_key) for one in known]
    both = sql.SQL("select count(*) from {} as w where {}").format(WRITTEN, sql.SQL(" or ").join(among))
    updated = fetch.value(int, conn, both)
    # Of a table that is read whole, rows that nobody has touched are among those found again.
    gone = found.were - updated if found.whole else found.lost - updated
    if gone < 0:
        raise _does_not_close(found, f"{found.lost} rows were lost, and {updated} of them are there again")
    if gone:
        _find_gone(reader, conn, changes, found, sql.SQL(" union all ").join(known), gone)
    return updated - (found.rows - found.written if found.whole else 0), gone


def _find_gone(
    reader: psycopg.Connection,
    conn: psycopg.Connection,
    changes: Changes,
    found: Found,
    known: sql.Composable,
    gone: int,
) -> None:
    table = key_of(found)
    present = sql.SQL("from {} as t").format(table.rows_of(changes.schema))
    before = sql.SQL("from ({}) as t").format(known)

    def gone_among(is_meant: sql.Composable) -> int:
        conn.execute(sql.SQL("truncate {}, {}").format(GONE, PRESENT))
        _copy(reader, conn, found, sql.SQL("{} where {}").format(present, is_meant), PRESENT)
        query = "insert into {} select {columns} {} where {} except select {columns} from {}"
        given = (GONE, before, is_meant, PRESENT)
        return conn.execute(sql.SQL(query).format(*given, columns=table.columns)).rowcount

    count = None
    if reader is not conn and found.rows > buckets.LEAST_ROWS:
        of_keys = Buckets.of((name for name, _ in table.key), found.rows)
        count = gone_among(of_keys.differing(reader, present, conn, before))
    if count != gone:
        count = gone_among(sql.SQL("true"))
    if count != gone:
        raise _does_not_close(found, f"{gone} keys have to be gone, and {count} are")


def _copy(
    reader: psycopg.Connection, conn: psycopg.Connection, found: Found, rows: sql.Composable, into: sql.Identifier
) -> None:
    """Put the keys of these rows into a table."""
    query = sql.SQL("select {} {}").format(key_of(found).columns, rows)
    if reader is conn:
        conn.execute(sql.SQL("insert into {} {}").format(into, query))
        return
    out, back = sql.SQL("copy ({}) to stdout").format(query), sql.SQL("copy {} from stdin").format(into)
    with reader.cursor() as given, conn.cursor() as taken, given.copy(out) as source, taken.copy(back) as sink:
        for data in source:
            sink.write(data)


def key_of(found: Found) -> Described:
    """The table, which has a key. Errors: LookupError."""
    if found.table is None or not found.table.key:
        raise LookupError(f"table {found.name} has no key to settle by")
    return found.table


def _does_not_close(found: Found, why: str) -> VerificationFailed:
    return VerificationFailed(
        f"the changes of table {found.name} do not add up: {why}; the keys recorded at the last mark are not those "
        f"that the table had; nothing was changed, and nothing can go on from that mark"
    )


def of(table: Described, schema: str) -> sql.Composed:
    """A query that gives the keys of a table."""
    return sql.SQL("select {} from {} as t").format(table.columns, table.rows_of(schema))
