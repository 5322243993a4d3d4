"""The verification as a Prefect flow. It changes neither database, and ends Failed where anything is wrong."""

from typing import Literal

from prefect import flow, get_run_logger
from prefect.states import State

from config import settings as configuration
from flows import artifacts, calls, work


@flow(name="verify", persist_result=False)
def verify(
    profile: str = "staging",
    run_id: str | None = None,
    level: Literal["counts", "content", "full"] = "full",
    sample: float | None = None,
    data_docs: str | None = None,
) -> State:
    """Judges what is published in the target that the environment names, or what a run has built there."""
    options = {"run_id": run_id, "level": level, "sample": sample, "data_docs": data_docs}
    return calls.final_state(lambda _watch: _verified(profile, options))


def _verified(profile: str, options: dict) -> dict:
    return artifacts.linked(work.verify(configuration.load(profile), **options), get_run_logger())
