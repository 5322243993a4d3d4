"""A run under way as its chunks see it, and how a run is cut into chunks.

Laws
- A chunk is a range of pages of one route: small, picklable, done once (the ledger says so) or not at all.
- A partitioned table is one chunk, read through its root.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd
import psycopg

from config import mapping
from config.postgres.quoting import quoted
from config.settings import Settings
from engine.planning.plan import Plan, Route
from engine.reflect.catalog import search_path
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

    @property
    def span(self) -> tuple[str, int, int, int | None]:
        """Route, number, first and last page: the chunk's key in the ledger."""
        return self.route, self.number, self.first, None if self.end is None else self.end - 1

    @property
    def part(self) -> Part:
        return Part(None, self.first, self.end)


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

    def check(self) -> None:
        """Errors: Interrupted, once somebody has asked to stop; that of a side, once the run cannot go on."""
        self.stop.check()
        self.sessions.guard.check()

    @property
    def schema(self) -> str:
        return self.plan.build_schema

    @property
    def archive_schema(self) -> str:
        return self.plan.archive_schema

    @property
    def looked_up(self) -> set[str]:
        """Legacy tables whose rows' new ids are looked up: those whose rows are profiles, or lead to one."""
        return {r.legacy_table for r in self.plan.routes if r.transform} & set(mapping.load().profile_sources)

    def route(self, name: str) -> Route:
        return self.plan.route(name)


@contextlib.contextmanager
def in_build(work: Work, target: psycopg.Connection) -> Iterator[None]:
    """A transaction with the build schema on the search path, for conditions carried from the legacy schema, and bodies
    of functions that generated columns call, name its types and functions without a schema.

    Our own parts of such a statement name functions with pg_catalog, for the path has foreign schemas, too.
    """
    with target.transaction(), search_path(target, work.schema, work.settings.extension_schema):
        yield


def chunks(plan: Plan, settings: Settings, route: Route) -> list[Chunk]:
    """The route's chunks, in page order."""
    table = plan.table(route.legacy_table).legacy
    size = settings.stream_chunk_bytes if route.lane == "stream" else settings.frame_chunk_bytes
    # A page of short rows may stand for many pages of long values, and a frame holds them all.
    step = max(1, size // PAGE_BYTES * max(table.pages, 1) // max(table.pages + table.toast_pages, 1))
    firsts = list(range(0, max(table.pages, 1), step)) if route.is_chunked else [0]
    rows = table.rows // len(firsts)
    ends = [*firsts[1:], None]
    return [Chunk(route.name, n, first, end, rows) for n, (first, end) in enumerate(zip(firsts, ends, strict=True))]


def select(route: Route, part: Part) -> str:
    """The SELECT of some of the route's rows."""
    items = ", ".join(f"{item.expression} as {quoted(item.name)}" for item in route.items)
    conditions = [*([route.where_sql] if route.where_sql else []), *part.conditions]
    where = f" where {' and '.join(conditions)}" if conditions else ""
    return f"select {items} from {route.from_sql}{where}"
