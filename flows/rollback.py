"""The rollback as a Prefect flow: what stood before the last publish is put back by rename."""

from prefect import flow
from prefect.states import State

from config import settings as configuration
from flows import calls, work


@flow(name="rollback", persist_result=False)
def rollback(profile: str = "staging") -> State:
    """Puts back what stood before the last publish in the target that the environment names."""
    return calls.final_state(lambda _watch: work.rollback(configuration.load(profile)))
