"""The rollback as a Prefect flow: what stood before the last publish is put back by rename."""

from prefect import flow
from prefect.client.schemas.objects import State

from config import settings as configuration
from flows.runs import calls, work
from flows.runs.calls import ProfileName


@flow(name="rollback", persist_result=False)
def rollback(run_id: str, profile: ProfileName = "") -> State:
    """Puts back what stood before the last publish in the target that the worker's environment names.

    Args:
        run_id: The run whose publish is taken back, as its report and `nxtgauge-migrate status` name it. Refused if
            that is not the one that is published, so that nobody takes back another by mistake.
        profile: A file in config/profiles.
    """
    return calls.final_state(lambda _watch: work.rollback(configuration.load(profile or None), run_id))
