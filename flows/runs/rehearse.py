"""The rehearsal as a Prefect flow: a dry-run whose source is the staging copy, so that it may run any night; with the
cut-over, if it is to be."""

from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State

from config import settings as configuration
from config.errors import VerificationFailed
from config.settings import Settings
from engine.session.execution import Watch
from flows.runs import artifacts, calls, work
from flows.runs.calls import ProfileName
from flows.runs.live import rehearsing
from flows.runs.migrate import migrated, prefect_workers


@flow(name="rehearse", flow_run_name=calls.first_name, persist_result=False)
def rehearse(
    profile: ProfileName = "",
    refresh: bool = False,
    percent: float = 100,
    resume: bool = True,
    cutover: bool = False,
    writes: float = 100,
    budget: float = 10,
) -> State:
    """Builds and verifies everything from the staging copy, reports, and publishes nothing.

    Args:
        profile: How strict to be; a file in config/profiles. Blank: the worker's NXTGAUGE_PROFILE, else staging. The
            profile of the migration that is rehearsed shows what it would say.
        refresh: Make the staging copy anew first, from the legacy database, masked on the way.
        percent: How much of the legacy database a new copy holds: all of it, or so many per cent of the users with
            everything that hangs on them.
        resume: Go on with the latest rehearsal if it broke off.
        cutover: Rehearse following and cutting over too: a writer writes made-up changes to the staging copy meanwhile,
            which has to be one that `nxtgauge-migrate stage` made. Refresh it afterwards.
        writes: How many transactions a second the writer writes, as many as the old application does.
        budget: The most seconds that the writer is kept waiting by the cut-over.
    """
    options: dict[str, Any] = {"run_id": None, "dry_run": True, "resume": resume}
    of_cutover: dict[str, Any] = {"rate": writes, "budget": budget, "resume": resume}

    def rehearsed(watch: Watch) -> dict[str, Any]:
        settings = work.rehearsing(configuration.load(profile or None), refresh, percent, watch, is_cut_over=cutover)
        return _cut_over(settings, of_cutover, watch) if cutover else migrated(settings, options, watch)

    return calls.final_state(rehearsed)


def _cut_over(settings: Settings, options: dict[str, Any], watch: Watch) -> dict[str, Any]:
    """The report, its page in Prefect's UI as `artifact`."""
    log = get_run_logger()
    with prefect_workers(settings) as workers:
        parties: dict[str, Any] = {"watch": watch, "workers": workers, "begun": calls.name_run}
        try:
            return artifacts.linked(rehearsing.rehearse(settings, **options, **parties), log)
        except VerificationFailed as error:
            error.report = error.report and artifacts.linked(error.report, log)
            raise
