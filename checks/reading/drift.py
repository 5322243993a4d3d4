"""Drift: rows written to the source since the run read it, or to the target since the build was sealed.

Laws
- A row is unchanged if the transaction that wrote it (its xmin) had ended when the source's snapshot, or the target's
  seal, was taken: it began before the oldest that ran then, or the seal saw rows of it. A snapshot's own list of what
  runs leaves savepoints out, so it is asked only where an older program sealed. An unchanged row may be taken for
  changed, never the other way round.
- Locks, vacuum and cluster keep xmin. A row that was rewritten with its own values counts as changed, but compares
  equal, so that this does not matter.
- If xmin says nothing (another server or database, tables of other oids, fewer transactions than before), no row counts
  as changed, and all are judged.
- One scan of each table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import psycopg

from checks.reading.books import Books
from checks.reading.catalog import Catalog
from checks.reading.statements import one_row, one_value
from config.postgres.quoting import quoted

Value = TypeVar("Value")
ROUND = 2**32  # transactions count round in 32 bits: what is compared is their distance from a boundary
# What is farther from the boundary than the transactions that were begun since is of a former round, and old.
WRITTEN = """\
(mod(int8in(xidout(t.xmin)) - {low} + {round}, {round}) < ({now}) - {since}{but})"""
RUNNING = " or int8in(xidout(t.xmin)) in ({})"
UNSEEN = " and not int8in(xidout(t.xmin)) <@ '{}'::int8multirange"
NONE_SEEN = "{}"
COUNTED = "select count(*), count(*) filter (where {written}) from {table} as t"
NOW = "select int8in(xid8out(pg_snapshot_xmax(pg_current_snapshot())))"
SYSTEM = "select concat(system_identifier) from pg_control_system()"
DATABASE = "select oid::bigint from pg_database where datname = current_database()"
SOURCE_ROWS = "select legacy_table, coalesce(source_rows, 0) from migration.tables where run_id = %s"
SEAL = "select marks, {horizon} from migration.seals where run_id = %s and build_oid = %s"
HAS_HORIZON = """
    select exists (select from pg_attribute where attrelid = to_regclass('migration.seals') and attname = 'horizon')
"""
OIDS = """
    select c.relname::text, c.oid::bigint from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = %s
"""


@dataclass(frozen=True)
class Moved:
    """One table. were: its rows then; now: its rows now; written: how many of these were written since."""

    were: int
    now: int
    written: int

    @property
    def lost(self) -> int:
        """Number of rows that were changed or deleted."""
        return self.were - (self.now - self.written)

    @property
    def is_moved(self) -> bool:
        return bool(self.written or self.lost)


@dataclass(frozen=True)
class Side:
    """written: SQL that is true of rows (alias t) written since; empty where nothing was, or that cannot be told.

    tables: those in which something was written, or from which something is gone.
    """

    written: str = ""
    tables: Mapping[str, Moved] = field(default_factory=dict)

    @property
    def kept(self) -> str:
        """SQL that is true of unchanged rows; empty if all are."""
        return f"not {self.written}" if self.tables else ""

    def moved(self, names: Iterable[str]) -> list[str]:
        return sorted(set(names) & self.tables.keys())

    def lost(self, names: Iterable[str]) -> list[str]:
        """Those of these tables that have lost rows, by deletion or change."""
        return [name for name in self.moved(names) if self.tables[name].lost]


@dataclass(frozen=True)
class Seal:
    """The run's record of its build. rows: table → rows, oids: table → oid, of the archive `legacy_archive.…`.

    snapshot: what the sealing session saw; books: table of the books → digest; both None where an older program sealed.
    views: what its marks saw, of the product under "", of the archive under `legacy_archive.`: a snapshot, and
    the transactions past its oldest whose rows it saw, as ranges; none where an older program sealed.
    """

    rows: Mapping[str, int]
    oids: Mapping[str, int] = field(default_factory=dict)
    system: str | None = None
    snapshot: str | None = None
    books: Mapping[str, str] | None = None
    views: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Drift:
    """Both sides; archive: tables of the archive, by their own names. seal: None where the build never was sealed."""

    source: Side = Side()
    target: Side = Side()
    archive: Side = Side()
    seal: Seal | None = None


def of_source(books: Books, catalog: Catalog, source: psycopg.Connection, target: psycopg.Connection) -> Side:
    """The source's drift since the run's snapshot."""
    identity = books.identity
    is_known = identity.get("system_identifier") and identity.get("database_oid")
    here = (_system(source), one_value(source, int, DATABASE))
    if not books.snapshot or not is_known or here != (identity["system_identifier"], identity["database_oid"]):
        return Side()
    # A transaction's savepoints are not told apart: all that began while the oldest was at work counts as later.
    later = written(_parts(books.snapshot)[0])
    were: dict[str, int] = dict(target.execute(SOURCE_ROWS, [books.run_id]).fetchall())
    return _side(source, catalog.schema, later, {name: were.get(name, 0) for name in catalog.tables})


def of_target(seal: Seal | None, catalog: Catalog, target: psycopg.Connection) -> Side:
    """The drift of the product's tables since the seal."""
    return _since(seal, catalog, target, "")


def of_archive(seal: Seal | None, catalog: Catalog, target: psycopg.Connection) -> Side:
    return _since(seal, catalog, target, "legacy_archive.")


def read_seal(target: psycopg.Connection, run_id: str, build_oid: int, target_schema: str) -> Seal | None:
    """The seal of a build, as the run recorded it."""
    has_horizon = one_value(target, bool, HAS_HORIZON)
    query = SEAL.format(horizon="horizon" if has_horizon else "null::jsonb")
    marks, horizon = target.execute(query, [run_id, build_oid]).fetchone() or (None, None)
    if marks is None:
        return None
    horizon, prefixes = horizon or {}, {f"{target_schema}__build.": "", "legacy_archive__build.": "legacy_archive."}
    rows = {key: int(parts[1]) for key, mark in marks.items() if len(parts := mark.split()) == 3}
    views = {f"{schema}.": (view["snapshot"], view["seen"]) for schema, view in horizon.get("feeds", {}).items()}
    return Seal(
        _placed(rows, prefixes), _placed(horizon.get("oids", {}), prefixes), horizon.get("system_identifier"),
        horizon.get("snapshot"), horizon.get("books"), _placed(views, prefixes),
    )  # fmt: skip


def _placed(found: Mapping[str, Value], prefixes: Mapping[str, str]) -> dict[str, Value]:
    """What was put down of a table under its place in the build, by the table's own name."""
    return {
        shown + key.removeprefix(prefix): value
        for key, value in found.items()
        for prefix, shown in prefixes.items()
        if key.startswith(prefix)
    }


def _since(seal: Seal | None, catalog: Catalog, target: psycopg.Connection, prefix: str) -> Side:
    if seal is None or seal.snapshot is None:
        return Side()
    _, high, running = _parts(seal.snapshot)
    view = seal.views.get(prefix)
    later = written(_parts(view[0])[0], seen=view[1]) if view else written(high, running)
    there: dict[str, int] = dict(target.execute(OIDS, [catalog.schema]).fetchall())
    oids = {name: there[name] for name in catalog.tables if name in there and prefix + name in seal.oids}
    same = {name for name, oid in oids.items() if seal.oids[prefix + name] == oid}
    is_here = seal.system is not None and _system(target) == seal.system
    if not same or one_value(target, int, NOW) < high or not (is_here or len(same) == len(oids)):
        return Side()  # an upgrade gives another identifier and keeps oids and transactions; a restored copy keeps none
    were = {name: seal.rows.get(prefix + name, 0) for name in sorted(same)}
    return _side(target, catalog.schema, later, were)


def _parts(snapshot: str) -> tuple[int, int, list[int]]:
    """Of a pg_snapshot: the oldest that ran, the first that was still to come, and those that ran."""
    low, high, running = snapshot.split(":")
    return int(low), int(high), [int(each) for each in running.split(",") if each]


def written(since: int, running: Iterable[int] = (), seen: str = NONE_SEEN, now: str = NOW) -> str:
    """SQL that is true of rows written by transactions from `since` on, or by those that ran then; but for those of
    which rows were seen then."""
    listed = ", ".join(str(each % ROUND) for each in running)
    but = RUNNING.format(listed) if listed else UNSEEN.format(seen) if seen != NONE_SEEN else ""
    return WRITTEN.format(low=since % ROUND, since=since, round=ROUND, now=now, but=but)


def _side(conn: psycopg.Connection, schema: str, later: str, were: Mapping[str, int]) -> Side:
    found = {}
    for name, rows in were.items():
        query = COUNTED.format(written=later, table=quoted(schema, name))
        moved = Moved(rows, *one_row(conn, query))
        if moved.is_moved:
            found[name] = moved
    return Side(later, found)


def _system(conn: psycopg.Connection) -> str | None:
    """The server's identifier; None where this role may not ask."""
    try:
        with conn.transaction():
            return one_value(conn, str, SYSTEM)
    except psycopg.errors.InsufficientPrivilege:
        return None
