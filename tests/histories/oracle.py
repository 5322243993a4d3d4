"""What a build must be: one that was made afresh, of the same snapshot and the same instant, in another database.

Laws
- The snapshot is somebody else's, and stays as long as he holds it.
- The build is made by the engine's own steps, up to its finished form: neither judged, nor verified, nor published.
"""

import contextlib
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime

import psycopg
from pydantic import SecretStr

from config.postgres.connection import Connection
from config.settings import Settings
from engine.books import bookkeeping
from engine.books import lease as leases
from engine.chunks.pauses import Pauses
from engine.chunks.work import Work
from engine.load.build import Build
from engine.planning.plan import Plan
from engine.session import connect, fetch, servers
from engine.session.execution import Clock, Silent, Threads
from engine.session.pool import Pool
from engine.session.snapshot import BEGIN, Snapshot
from engine.session.stop import Stop
from engine.start import begin, preflight
from engine.start.begin import Start
from engine.start.options import Options
from tests.histories.compare import Side


@contextlib.contextmanager
def joined(connection: Connection, name: str) -> Iterator[Snapshot]:
    """An exported snapshot of somebody else's, as if this process had taken it."""
    with connect.source(connection) as conn:
        server = servers.info(conn)
        conn.execute(BEGIN)
        conn.execute(f"set transaction snapshot '{name}'")
        yield Snapshot(name, fetch.value(str, conn, "select concat(pg_current_snapshot())"), server, conn)


@contextlib.contextmanager
def fresh(
    settings: Settings, target: str, snapshot: str, instant: datetime, plan: Plan | None = None
) -> Iterator[Side]:
    """A finished build of an exported snapshot in an empty database, which can be compared as long as the block runs.

    settings: those of the build that it is compared with; target: URL of the other database; snapshot: as
    pg_export_snapshot names it; instant: created_at of that build's run; plan: of the same snapshot, instant and
    settings, where somebody has made it. Errors: PlanRefused, and those of a build.
    """
    run_id = build(into(settings, target), snapshot, instant, plan)
    with psycopg.connect(target, autocommit=True) as conn:
        schemas = {s.kind: s.name for s in bookkeeping.schemas(conn).values() if s.run_id == run_id}
        yield Side(conn, schemas["product"], schemas["archive"], run_id)


def into(settings: Settings, target: str) -> Settings:
    """The same settings, of another target."""
    return settings.model_copy(update={"target_url": SecretStr(target)})


def build(settings: Settings, snapshot: str, instant: datetime, plan: Plan | None = None) -> str:
    """Builds into the settings' own target; the run's id. Arguments and errors: as `fresh`."""
    stop, clock = Stop(), Clock(Silent())
    with (
        leases.hold(settings.target) as lease,
        lease.session(stop) as conn,
        joined(settings.source, snapshot) as held,
        connect.unflushed(conn),
    ):
        plan = plan or preflight.planned(settings, held, instant.isoformat(), conn.info.server_version)
        preflight.refuse([str(fault) for fault in plan.faults])
        bookkeeping.ensure(conn)
        start = Start(settings, Options(), plan, held, None, None, None)
        run = begin.begin(conn, start, clock, lambda _: None)
        with closing(Pool(settings, held, stop, lease)) as sessions:
            work = Work(run.run_id, run.started_at, plan, settings, held, stop, sessions)
            Build(work, conn, Threads(settings.workers), clock, Pauses(work, clock.message)).run()
    return run.run_id
