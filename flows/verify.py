"""The verification as a Prefect flow. It changes neither database, and ends Failed where anything is wrong."""

from prefect import flow
from prefect.states import State

from config import settings as configuration
from flows import calls, work


@flow(name="verify", persist_result=False)
def verify(profile: str = "staging") -> State:
    """Judges what is published in the target that the environment names."""
    return calls.final_state(lambda _watch: work.verify(configuration.load(profile)))
