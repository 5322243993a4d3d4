"""Silence: where nobody may lock writers out, somebody stops them, and it is proven that they are.

Laws
- Two scans, some time apart: no row is new in the second, none is gone, no table has new files, no sequence has moved.
- Nobody holds a lock that writers hold, before the second scan and after it. Whoever has written keeps that lock to the
  end of his transaction, and everybody may see the locks.
- The proof is of the past. Whoever writes later is found by what it leaves behind (late), and told.
- A standby proves nothing: it may not have got yet what its primary has acknowledged.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import psycopg

from config.errors import PlanRefused, SourceError
from engine.changes import feed
from engine.changes.feed import Found
from engine.changes.marks import Mark
from engine.cutover import holdouts, locking
from engine.session import fetch
from engine.session.blame import blame
from engine.session.patience import pause
from engine.session.snapshot import BEGIN
from engine.session.stop import Stop

WAIT_SECONDS = 2.0
NAMED = 10
# Where a sequence stands may be asked by who may use it, or read it.
SEQUENCES = """
    select c.relname::text,
           case when has_sequence_privilege(c.oid, 'usage, select') then pg_sequence_last_value(c.oid) end
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = %s and c.relkind = 'S' order by 1
"""

Opening = Callable[[], AbstractContextManager[psycopg.Connection]]


@dataclass(frozen=True)
class Late:
    """What was written to a table after it had to be silent. rows: new row versions, and those that are gone; 0 where
    its files alone are new. why: what there is to say where rows do not."""

    table: str
    rows: int
    why: str = ""

    def __str__(self) -> str:
        return f"{self.table} ({f'{self.rows:,} rows' if self.rows else self.why})"


def prove(
    opened: Opening, schema: str, tables: Collection[str], stop: Stop, *, wait: float = WAIT_SECONDS, shape: str = ""
) -> Mark:
    """The mark of the second scan: what has to be in the build, and what later writes are found by.

    opened: a session on the source. wait: seconds between the scans. shape: see engine.changes.marks.
    Errors: PlanRefused, which names the tables that were written to and who writes; SourceError; Interrupted.
    """
    with opened() as conn:
        with blame(SourceError, "looking whether the source is silent", stop):
            _refuse(_writers(conn, schema))
            stood, first = _sequences(conn, schema), _scan(conn, schema, tables, None, shape).now
        pause(wait, stop)
        with blame(SourceError, "looking whether the source is silent", stop):
            _refuse(_writers(conn, schema))
            changes = _scan(conn, schema, tables, first, shape)
            found = [_told(one) for one in changes.changed]
            found += _moved(stood, _sequences(conn, schema))
            _refuse([_written(found, wait)] if found else [], _writers(conn, schema))
    return changes.now


def late(conn: psycopg.Connection, schema: str, since: Mark) -> list[Late]:
    """Writes to the tables of a mark that came after it. schema: as it is called now.

    Errors: SourceError, where nothing of the mark can be compared.
    """
    with blame(SourceError, "looking for late writes"):
        changes = feed.compare(conn, schema, since.tables, since, since.shape)
    if changes.anew:
        raise SourceError(
            f"whether anything was written to the source late is not known: {changes.anew}; compare it by hand"
        )
    return [_late(one) for one in changes.changed]


def _scan(
    conn: psycopg.Connection, schema: str, tables: Collection[str], since: Mark | None, shape: str
) -> feed.Changes:
    """All tables in one snapshot."""
    conn.execute(BEGIN)
    try:
        return feed.compare(conn, schema, tables, since, shape)
    finally:
        if not conn.closed:
            conn.execute("rollback")


def _writers(conn: psycopg.Connection, schema: str) -> list[str]:
    """Why there is no silence, as far as locks tell."""
    if fetch.value(bool, conn, "select pg_is_in_recovery()"):
        return ["the source is a standby, which may lack what its primary has acknowledged; name the primary"]
    tables = locking.oids(locking.tables(conn, schema))
    found = holdouts.of(conn, tables, holdouts.WRITING)
    return [f"schema {schema} is being written to: {holdouts.told(found)}; stop the writers first"] if found else []


def _sequences(conn: psycopg.Connection, schema: str) -> dict[str, int | None]:
    return dict(conn.execute(SEQUENCES, [schema]).fetchall())


def _moved(then: Mapping[str, int | None], now: Mapping[str, int | None]) -> list[str]:
    return [f"sequence {name}" for name in sorted({*then} | {*now}) if then.get(name) != now.get(name)]


def _late(found: Found) -> Late:
    return Late(found.name, max(found.written, found.lost), found.whole)


def _told(found: Found) -> str:
    return f"table {_late(found)}"


def _written(found: Collection[str], wait: float) -> str:
    named = [*found][:NAMED]
    more = f" and {len(found) - len(named)} more" if len(found) > len(named) else ""
    return (
        f"the source is not silent: within {wait:g} s {', '.join(named)}{more} were written to; stop the writers "
        f"(the pooler's PAUSE, the application, their privileges) and try again"
    )


def _refuse(*faults: list[str]) -> None:
    if found := [fault for some in faults for fault in some]:
        raise PlanRefused(found)
