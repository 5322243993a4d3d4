"""The work of `rehearse --cutover`, with and without a Prefect server."""

from typing import Any

from config.errors import VerificationFailed
from config.settings import Settings
from engine import rehearsal
from engine.rehearsal import Rehearsing
from engine.session.execution import Watch, Workers
from engine.session.stop import STOP
from flows.local import estimate
from flows.runs import foresight, work
from flows.runs.foresight import Begun, nobody
from flows.runs.live.following import Heard

WRITES, BUDGET = 100.0, 10.0  # transactions a second, seconds


def plainly(
    settings: Settings,
    *,
    refresh: bool,
    percent: float,
    resume: bool,
    cutover: bool,
    writes: float | None,
    budget: float | None,
    watch: Watch,
) -> dict[str, Any]:
    """A rehearsal from the staging copy, made anew first if asked; with the cut-over, if that is asked. The report."""
    copied = work.rehearsing(settings, refresh, percent, watch, is_cut_over=cutover)
    if cutover:
        return rehearse(copied, rate=writes or WRITES, budget=budget or BUDGET, resume=resume, watch=watch)
    return work.migrate(copied, run_id=None, dry_run=True, resume=resume, watch=watch)


def rehearse(
    settings: Settings,
    *,
    rate: float,
    budget: float,
    resume: bool,
    watch: Watch,
    workers: Workers | None = None,
    begun: Begun = nobody,
) -> dict[str, Any]:
    """Rehearses following and cutting over on the staging copy, to which a writer writes meanwhile. Returns the report.

    settings: those of flows.runs.work.rehearsing. rate: transactions a second. budget: the most seconds that the writer
    waits. Errors: every kind of config.errors. Of a rehearsal that failed its gates there is a report too, as the
    error's `report`.
    """
    source = {"is_on_staging": True}
    foresight.expect(watch, estimate.REHEARSED_CUTOVER)
    try:
        with (
            work.beside(settings, watch, begun, is_rehearsal=True) as parties,
            work.delta_auditor(settings, STOP) as delta_auditor,
        ):
            asked = Rehearsing(
                rate=rate,
                budget=budget,
                resume=resume,
                auditor=parties.auditor,
                delta_auditor=delta_auditor,
                workers=workers,
                watch=watch,
                begun=parties.begun,
                heard=Heard(watch, None, is_endless=False),
            )
            summary = rehearsal.rehearse(settings, asked)
            parties.end(summary)
    except VerificationFailed as error:
        error.report = work.told(error.summary.to_dict() | source) if error.summary else None
        raise
    return work.told(summary.to_dict() | source)
