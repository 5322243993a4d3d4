"""The cut-over as a Prefect flow: from the old application to the new one, within a pause of seconds."""

from typing import Any, Literal

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from config import settings as configuration
from config.errors import VerificationFailed
from engine.session.execution import Watch
from flows.runs import artifacts, calls, work
from flows.runs.approval import PrefectDesk
from flows.runs.calls import ProfileName
from flows.runs.live import cutting
from flows.runs.migrate import prefect_workers


@flow(name="cutover", flow_run_name=calls.first_name, persist_result=False)
def cutover(
    profile: ProfileName = "",
    run_id: str = "",
    budget: float = 10,
    fence: Literal["lock", "operator"] = "lock",
    terminate_after: float = 0,
    approve: bool = True,
) -> State:
    """Cuts over from the legacy database that the worker's environment names to the build that follows it.

    The build is verified as a whole first, while the old application goes on. Then writers are kept away, what they
    wrote last is applied and verified, the build is published, and the legacy tables stay closed to writers. Whatever
    fails before the publish leaves both sides as they were.

    Args:
        profile: A file in config/profiles; blank for the one that the build began with.
        run_id: The run whose build is published, as `nxtgauge-migrate status` names it; blank for the one that follows.
        budget: The most seconds that writers may wait. Once they are used up, everything is taken back.
        fence: lock keeps the writers away by itself (NXTGAUGE_FENCE_URL of the worker). With operator you stop them
            before you approve, and it is proven that nobody writes; such a run always waits for approval.
        terminate_after: End sessions that have kept the lock away for so many seconds; 0: none is ended.
        approve: Pause before the cut-over until a person approves.
    """
    options: dict[str, Any] = {"run_id": run_id or None, "budget": budget, "fence": fence}
    is_alone = calls.current().stopped is None  # nobody here could say that the writers are stopped
    options |= {"terminate_after": terminate_after or None, "approve": approve or (fence == "operator" and is_alone)}
    return calls.final_state(lambda watch: _cut(profile, options, watch), ended)


def _cut(profile: str, options: dict[str, Any], watch: Watch) -> dict[str, Any]:
    settings, log = configuration.load(profile or None), get_run_logger()
    call = calls.current()
    desk = PrefectDesk(lambda summary: work.told(summary, "cutover"), log, _notice(options["fence"]))
    with prefect_workers(settings) as workers:
        parties: dict[str, Any] = {"watch": watch, "workers": workers, "desk": desk, "begun": calls.name_run}
        parties |= {"stopped": call.stopped} if call.stopped else {}
        try:
            return artifacts.linked(cutting.cutover(settings, **options, **parties), log)
        except VerificationFailed as error:
            error.report = error.report and artifacts.linked(error.report, log)
            raise


def _notice(fence: str) -> str:
    """What the form says beside."""
    if fence == "operator":
        return "Stop all writers of the legacy database first: with your yes you say that they are stopped."
    return "Right after your yes the writers of the legacy database are kept waiting."


def ended(found: dict[str, Any]) -> State:
    """The flow's final state: as the command's exit code says it."""
    if cutting.exit_code(found):
        return Failed(message=calls.with_page(f"{found['headline']['word']}: {found['headline']['text']}", found))
    return Completed(message=found.get("artifact"))
