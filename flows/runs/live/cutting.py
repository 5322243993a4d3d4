"""The work of `cutover`, with and without a Prefect server."""

from collections.abc import Callable
from typing import Any

from config.errors import VerificationFailed
from config.settings import Settings
from engine.cutover import cutover as engine_cutover
from engine.cutover.cutover import Cutting
from engine.gates.approval import Desk
from engine.session.execution import Watch, Workers
from engine.session.stop import STOP
from flows.local import estimate
from flows.runs import foresight, work
from flows.runs.foresight import Begun, nobody
from flows.runs.live.judged import Judged


def cutover(
    settings: Settings,
    *,
    run_id: str | None,
    budget: float,
    fence: str,
    terminate_after: float | None,
    approve: bool,
    watch: Watch,
    stopped: Callable[[], None] | None = None,
    workers: Workers | None = None,
    desk: Desk | None = None,
    begun: Begun = nobody,
) -> dict[str, Any]:
    """Cuts a build over: keeps writers away, applies and verifies the last round, publishes. Returns the report.

    budget: the most seconds that writers wait. fence: lock, or operator; stopped: comes back once the operator has
    stopped the writers. terminate_after: end sessions that have kept the lock away for so many seconds. approve: wait
    for a person before it. Errors: every kind of config.errors; before the commit of the target both sides are as they
    were. Of a run that its gates refuse there is a report too, as the error's `report`.
    """
    asked: dict[str, Any] = {"run_id": run_id, "budget": budget, "fence": fence, "terminate_after": terminate_after}
    asked |= {"approve": approve, "watch": watch, "workers": workers, "desk": desk or work.Reporting("cutover")}
    asked |= {"stopped": stopped} if stopped else {}
    judged = Judged(settings, "cutover", run_id)
    foresight.expect(watch, estimate.CUTOVER)
    try:
        with (
            work.beside(settings, watch, begun, is_rehearsal=False) as parties,
            work.delta_auditor(settings, STOP) as delta_auditor,
        ):
            asked |= {"auditor": judged.keeping(parties.auditor), "delta_auditor": delta_auditor}
            made = engine_cutover.cutover(settings, Cutting(**asked, begun=parties.begun))
            parties.end(made.summary)
    except VerificationFailed as error:
        error.report = judged.refused(error)
        raise
    return judged.told(made.summary)


def exit_code(report: dict[str, Any]) -> int:
    """Of one that published: 6 where writes reached the source after the fence."""
    return VerificationFailed.exit_code if report["late_writes"] else 0
