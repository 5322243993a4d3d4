"""The following of a source as a Prefect flow: a build is made, and kept equal to its source round by round.

Cancelled in Prefect, or once its worker is stopped, it ends, and its build shows the last round.
"""

from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed

from config import settings as configuration
from config.errors import VerificationFailed
from engine.session.execution import Watch
from engine.session.stop import STOP
from flows.runs import artifacts, calls
from flows.runs.calls import ProfileName
from flows.runs.live import following
from flows.runs.migrate import prefect_workers


@flow(name="sync", flow_run_name=calls.first_name, persist_result=False)
def sync(
    profile: ProfileName = "", run_id: str = "", rounds: int = 0, every: float = 30, redrive: bool = False
) -> State:
    """Makes a build of the legacy database that the worker's environment names, and has it follow what is written.

    Nothing is published: the deployment `cutover` does that.

    Args:
        profile: How strict to be; a file in config/profiles. Blank: of a build that is there the one that it began
            with, else the worker's own (NXTGAUGE_PROFILE), else staging.
        run_id: The run whose build follows, as `nxtgauge-migrate status` names it; blank for the one that is there, or
            for a new one.
        rounds: After so many rounds it ends; 0: it goes on until somebody cancels it.
        every: Seconds from one round's beginning to the next.
        redrive: Drive the rejected rows of the run once more, after its source was mended, and go on to its publish.
    """
    options: dict[str, Any] = {"run_id": run_id or None, "rounds": rounds or None, "every": every}
    return calls.final_state(lambda watch: _followed(profile, options, redrive, watch), _ended)


def _ended(found: dict[str, Any]) -> State:
    """One that somebody has stopped is Cancelled: Prefect takes no other state from a run that is being cancelled."""
    message = calls.with_page(f"{found['headline']['word']}: {found['headline']['text']}", found)
    return Cancelled(message=message) if STOP.is_set() else Completed(message=found.get("artifact"))


def _followed(profile: str, options: dict[str, Any], redrive: bool, watch: Watch) -> dict[str, Any]:
    settings, log = configuration.load(profile or None), get_run_logger()
    with prefect_workers(settings) as workers:
        parties: dict[str, Any] = {"watch": watch, "workers": workers, "begun": calls.name_run}
        try:
            if redrive:
                return artifacts.linked(following.redrive(settings, options["run_id"] or "", **parties), log)
            return artifacts.linked(following.sync(settings, **options, **parties), log)
        except VerificationFailed as error:
            error.report = error.report and artifacts.linked(error.report, log)
            raise
