"""A run under way as its chunks see it, and how a run is cut into chunks.

Laws
- A chunk is a range of pages of one route: small, picklable, done once (the ledger says so) or not at all.
- A partitioned table is one chunk, read through its root.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd
import psycopg
from psycopg import sql

from config import mapping
from config.postgres.quoting import quoted
from config.settings import Settings
from engine.planning.plan import Plan, Route
from engine.reflect.catalog import LegacyTable, search_path
from engine.session.pool import Pool
from engine.session.snapshot import ExportedSnapshot
from engine.session.stop import Stop

PAGE_BYTES = 8192


@dataclass(frozen=True)
class Part:
    """Rows of a legacy table: pages first ≤ page < end, or those at tids; oid: of one leaf of a partitioned table."""

    oid: int | None = None
    first: int = 0
    end: int | None = None
    tids: tuple[str, ...] = ()

    @property
    def conditions(self) -> list[str]:
        """SQL conditions over the alias t; none for all rows."""
        found = [f"t.tableoid = {self.oid}"] if self.oid is not None else []
        if self.tids:
            return [*found, f"t.ctid = any ('{{{','.join(map(quoted, self.tids))}}}'::tid[])"]
        found += [f"t.ctid >= '({self.first},0)'::tid"] if self.first else []
        return found + ([f"t.ctid < '({self.end},0)'::tid"] if self.end is not None else [])


NOTHING = Part(0, 0, 0)  # no relation has this oid


@dataclass(frozen=True)
class Chunk:
    """Pages first ≤ page < end of a route's legacy table; end None: to the last."""

    route: str
    number: int
    first: int = 0
    end: int | None = None
    rows: int = 0  # an estimate, for the progress
    tids: tuple[str, ...] = ()  # of the rows that are meant, where they are not whole pages
    oid: int | None = None  # the leaf of a partitioned table that these stand in

    @property
    def span(self) -> tuple[str, int, int, int | None]:
        """Route, number, first and last page: the chunk's key in the ledger."""
        return self.route, self.number, self.first, None if self.end is None else self.end - 1

    @property
    def part(self) -> Part:
        return Part(self.oid, self.first, self.end, self.tids)


@dataclass(frozen=True)
class Delta:
    """Where the rows of a round are derived, before they change the build: schemas beside it.

    of: the run whose build it is, and whose attempt writes. kept: build table → the view of the rows that the build
    keeps, for tables of which only some rows are derived anew. followed: legacy tables that references follow, in
    whatever table of the build these stand.
    """

    of: str
    schema: str
    archive_schema: str
    kept: Mapping[str, str]
    followed: frozenset[str]


@dataclass
class Work:
    """One run under way. started_at: of this attempt at it, which the books know; nobody else writes for the run.

    frames: lookups that are asked once per run and are small.
    """

    run_id: str
    started_at: datetime
    plan: Plan
    settings: Settings
    snapshot: ExportedSnapshot
    stop: Stop
    sessions: Pool
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    delta: Delta | None = None

    def check(self) -> None:
        """Errors: Interrupted, once somebody has asked to stop; that of a side, once the run cannot go on."""
        self.stop.check()
        self.sessions.guard.check()

    @property
    def schema(self) -> str:
        return self.delta.schema if self.delta else self.plan.build_schema

    @property
    def archive_schema(self) -> str:
        return self.delta.archive_schema if self.delta else self.plan.archive_schema

    @property
    def attempt_run(self) -> str:
        """The run whose attempt this is; of a delta it is another than the one under which the books are kept."""
        return self.delta.of if self.delta else self.run_id

    @property
    def path(self) -> tuple[str, ...]:
        """The search path of what names no schema: a delta's tables, then the build's types and functions."""
        return self._path(self.schema, self.plan.build_schema)

    @property
    def archive_path(self) -> tuple[str, ...]:
        """The same for the archive."""
        return self._path(self.archive_schema, self.plan.archive_schema)

    def _path(self, *schemas: str) -> tuple[str, ...]:
        return (*dict.fromkeys(schemas), self.settings.extension_schema)

    def parents(self, build_table: str) -> list[sql.Identifier]:
        """What foreign keys to this table are judged by: relations that have the rows which it has, or will have."""
        names = [build_table]
        if self.delta and (kept := self.delta.kept.get(build_table)):
            names.append(kept)
        return [sql.Identifier(self.schema, name) for name in names]

    def is_orphan(self, build_table: str, same: sql.Composable) -> sql.Composable:
        """SQL: whether none of these rows, under alias p, is the same.

        Each relation is asked by itself: of their union the planner would read all rows to look for a few.
        """
        asked = sql.SQL("not exists (select from {} as p where {})")
        return sql.SQL(" and ").join(asked.format(parents, same) for parents in self.parents(build_table))

    @property
    def followed(self) -> set[str]:
        """Legacy tables whose rows' new ids are recorded: those that references follow, and those whose rows are
        profiles, or lead to one."""
        steps = self.delta.followed if self.delta else {step.legacy_table for step in self.plan.follows}
        profiles = {r.legacy_table for r in self.plan.routes if r.transform} & set(mapping.load().profile_sources)
        return profiles.union(steps)

    def route(self, name: str) -> Route:
        return self.plan.route(name)


@contextlib.contextmanager
def in_build(work: Work, target: psycopg.Connection) -> Iterator[None]:
    """A transaction with the build schema on the search path, for conditions carried from the legacy schema, and bodies
    of functions that generated columns call, name its types and functions without a schema.

    Our own parts of such a statement name functions with pg_catalog, for the path has foreign schemas, too.
    """
    is_outermost = target.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    with target.transaction(), search_path(target, *work.path, ends_with_transaction=is_outermost):
        yield


def chunks(plan: Plan, settings: Settings, route: Route) -> list[Chunk]:
    """The route's chunks, in page order."""
    table = plan.table(route.legacy_table).legacy
    size = settings.stream_chunk_bytes if route.lane == "stream" else settings.frame_chunk_bytes
    step = pages_of(table, size)
    firsts = list(range(0, max(table.pages, 1), step)) if route.is_chunked else [0]
    rows = table.rows // len(firsts)
    ends = [*firsts[1:], None]
    return [Chunk(route.name, n, first, end, rows) for n, (first, end) in enumerate(zip(firsts, ends, strict=True))]


def pages_of(table: LegacyTable, size: int) -> int:
    """How many of the table's pages hold so many bytes."""
    # A page of short rows may stand for many pages of long values, and a frame holds them all.
    return max(1, size // PAGE_BYTES * max(table.pages, 1) // max(table.pages + table.toast_pages, 1))


def select(route: Route, part: Part) -> str:
    """The SELECT of some of the route's rows."""
    items = ", ".join(f"{item.expression} as {quoted(item.name)}" for item in route.items)
    conditions = [*([route.where_sql] if route.where_sql else []), *part.conditions]
    where = f" where {' and '.join(conditions)}" if conditions else ""
    return f"select {items} from {route.from_sql}{where}"
