"""What `plan` finds: the plan, what a run by it would be refused for, and sizes and times of source and target.

Laws
- Source and target are looked at as a run looks at them, by the same code (engine.start.preflight); nothing is written.
- Without a target's address the source alone is planned, and the survey says so.
- What a server does not say is not guessed: the estimate of time comes from earlier runs in the target's books.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from config.errors import SourceError, TargetBusy, TargetError
from config.settings import Settings
from engine.books import bookkeeping, lease
from engine.gates import certificate as certificates
from engine.planning.plan import Plan
from engine.reflect import older
from engine.session import connect, fetch, servers, snapshot
from engine.session.blame import blame
from engine.session.snapshot import Snapshot
from engine.session.stop import STOP
from engine.start import preflight

SIZES = """
    select coalesce(sum(pg_catalog.pg_total_relation_size(oid)), 0)::bigint
    from pg_catalog.pg_class where oid = any(%s::oid[])
"""
# The latest whole run that no person was waited for: how long it took, how many rows it read.
PACE = """
    select r.run_id, extract(epoch from r.finished_at - r.started_at)::double precision as seconds,
           (select coalesce(sum(t.source_rows), 0)::bigint from migration.tables t where t.run_id = r.run_id) as rows
    from migration.runs r
    where r.state in ('published', 'discarded', 'rolled_back') and r.finished_at > r.started_at
        and r.source_schema = %s and r.target_schema = %s and not r.approval
    order by r.created_at desc limit 1
"""


@dataclass(frozen=True)
class Pace:
    """How an earlier run went. bytes: what its schemas take in the target; 0 where they are gone."""

    run_id: str
    seconds: float
    rows: int
    bytes: int = 0


@dataclass(frozen=True)
class Target:
    """What the target says of itself. is_rehearsed: whether the DDL could be tried there; holder: who holds it for a
    run now, None: nobody.
    """

    place: str
    version: str
    database_bytes: int
    is_rehearsed: bool
    holder: str | None
    pace: Pace | None


@dataclass(frozen=True)
class Survey:
    """faults: all that a run would be refused for. target: None where it was not looked at."""

    plan: Plan
    faults: tuple[str, ...]
    source_bytes: int  # tables that are read, with their indexes and long values
    target: Target | None


def survey(settings: Settings, certificate: str | Path | None = None) -> Survey:
    """Look at source and target. certificate: file of the rehearsal that a run would be held to.

    Errors: ConfigError, SourceError, TargetError; no fault is raised.
    """
    given = certificates.read(certificate) if certificate else None
    with ExitStack() as stack:
        conn = stack.enter_context(connect.target(settings.target, STOP)) if settings.target_url else None
        held = stack.enter_context(snapshot.hold(settings.source, STOP))
        server = conn.info.server_version if conn else older.NEWEST
        plan = preflight.planned(settings, held, datetime.now(UTC).isoformat(), server)
        size = _source_bytes(held, plan)
        if conn is None:
            return Survey(plan, tuple(map(str, plan.faults)), size, None)
        held_to = preflight.held_to(conn, settings, given)
        faults = preflight.faults(conn, settings, plan, held, held_to)
        return Survey(plan, tuple(faults), size, _look_at(conn, settings))


def busy(found: Survey) -> TargetBusy | None:
    """The error with which a run would end now, if another one holds the target."""
    holder = found.target and found.target.holder
    return lease.TARGET.busy_with(holder) if holder else None


def _source_bytes(held: Snapshot, plan: Plan) -> int:
    tables = [table.legacy for table in plan.tables if table.disposition != "skip"]
    oids = [oid for table in tables for oid in (table.oid, *(leaf.oid for leaf in table.leaves))]
    with blame(SourceError, "asking for sizes", STOP):
        return fetch.value(int, held.holder, SIZES, [oids])


def _look_at(conn: psycopg.Connection, settings: Settings) -> Target:
    with blame(TargetError, "looking at the target", STOP):
        server = servers.info(conn)
        size = fetch.value(int, conn, "select pg_catalog.pg_database_size(pg_catalog.current_database())")
        has_books = not bookkeeping.faults(conn) and bookkeeping.is_present(conn)
        holder = lease.holder(conn) if lease.is_held(conn) else None
        pace = _pace(conn, settings) if has_books else None
        return Target(str(settings.target), server.version, size, preflight.can_rehearse(conn, server), holder, pace)


def _pace(conn: psycopg.Connection, settings: Settings) -> Pace | None:
    row = conn.execute(PACE, [settings.source_schema, settings.target_schema]).fetchone()
    if row is None or not row[2]:
        return None
    ours = [schema for schema in bookkeeping.schemas(conn).values() if schema.run_id == row[0]]
    return Pace(row[0], row[1], row[2], _schema_bytes(conn, [schema.schema_oid for schema in ours]))


def _schema_bytes(conn: psycopg.Connection, schemas: list[int]) -> int:
    query = """select coalesce(sum(pg_catalog.pg_total_relation_size(oid)), 0)::bigint
               from pg_catalog.pg_class where relnamespace = any(%s::oid[]) and relkind in ('r', 'm')"""
    return fetch.value(int, conn, query, [schemas])
