"""The rehearsal as a Prefect flow: a dry-run whose source is the staging copy, so that it may run any night."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from config import settings as configuration
from engine.session.execution import Watch
from flows.runs import calls, work
from flows.runs.calls import ProfileName
from flows.runs.migrate import migrated


@flow(name="rehearse", flow_run_name=calls.first_name, persist_result=False)
def rehearse(profile: ProfileName = "", refresh: bool = False, percent: float = 100, resume: bool = True) -> State:
    """Builds and verifies everything from the staging copy, reports, and publishes nothing.

    Args:
        profile: How strict to be; a file in config/profiles. Blank: the worker's NXTGAUGE_PROFILE, else staging. The
            profile of the migration that is rehearsed shows what it would say.
        refresh: Make the staging copy anew first, from the legacy database, masked on the way.
        percent: How much of the legacy database a new copy holds: all of it, or so many per cent of the users with
            everything that hangs on them.
        resume: Go on with the latest rehearsal if it broke off.
    """
    options: dict[str, Any] = {"run_id": None, "dry_run": True, "resume": resume}

    def rehearsed(watch: Watch) -> dict[str, Any]:
        settings = work.rehearsing(configuration.load(profile or None), refresh, percent, watch)
        return migrated(settings, options, watch)

    return calls.final_state(rehearsed)
