"""What an estimate of the time left goes by: the stages to come, the rows there are, what earlier runs took.

Laws
- The books are asked in a session that is short; where they do not answer, less is known, and nothing fails.
"""

import contextlib
from collections.abc import Callable, Iterator

import psycopg

from config.errors import MigrateError
from config.settings import Settings
from engine import operations
from engine.books import pace
from engine.chunks.work import Work
from engine.session import log_context
from engine.session.execution import Clock, Watch
from flows.local.estimate import Weights
from flows.local.progress import estimate_of

Begun = Callable[[str], None]  # hears a run's id; may not raise


def nobody(run_id: str) -> None:
    """Hears of a run and does nothing."""


def expect(watch: Watch, *stages: Weights) -> None:
    """These stages are to come, one after the other."""
    for each in stages:
        estimate_of(watch).expect(each)


def learn(watch: Watch, run: Work) -> None:
    """A run has begun: how many rows its plan expects, and what earlier runs of its profile took."""
    rows = sum(max(table.legacy.rows, 0) for table in run.plan.tables if table.disposition != "skip")
    paces: dict[str, pace.Pace] = {}
    with contextlib.suppress(MigrateError, psycopg.Error), run.sessions.lend("target") as conn:
        paces = pace.read(conn, run.settings.profile)
    estimate_of(watch).learn(rows, paces)


@contextlib.contextmanager
def alone(watch: Watch, name: str, stages: Weights) -> Iterator[Clock]:
    """A command whose whole work is one stage; its clock."""
    expect(watch, stages)
    log_context.begin()
    clock = Clock(watch)
    clock.stage(name)
    try:
        yield clock
    finally:
        clock.finish()


def look(watch: Watch, settings: Settings, run_id: str | None, begun: Begun) -> None:
    """A verification begins: of which run, of how many rows, and what it took within runs of that profile."""
    with contextlib.suppress(MigrateError):
        if found := operations.outlook(settings, run_id):
            estimate_of(watch).learn(found.rows, found.paces)
            log_context.tell(run=found.run_id)
            begun(found.run_id)
