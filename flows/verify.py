"""The verification as a Prefect flow. It changes neither database, and ends Failed where anything is wrong."""

from typing import Literal

from prefect import flow, get_run_logger
from prefect.states import State

from config import settings as configuration
from flows import artifacts, calls, work
from flows.calls import ProfileName


@flow(name="verify", persist_result=False)
def verify(
    profile: ProfileName | None = None,
    run_id: str = "",
    level: Literal["counts", "content", "full"] = "full",
    sample: float = 100,
    data_docs: str = "",
) -> State:
    """Judges what is published in the target that the worker's environment names, or what a run has built there.

    Args:
        profile: A file in config/profiles. What is judged goes by the profile that it was built with.
        run_id: Judge what this run has built; blank for what is published.
        level: counts compares numbers of rows, content all values too, full everything that there is to check.
        sample: Compare so many per cent of the rows.
        data_docs: A folder of the worker's for Great Expectations' own pages; blank for none.
    """
    options = {"run_id": run_id or None, "level": level, "data_docs": data_docs or None}
    options |= {"sample": sample if sample < 100 else None}
    return calls.final_state(lambda _watch: _verified(profile, options))


def _verified(profile: str | None, options: dict) -> dict:
    return artifacts.linked(work.verify(configuration.load(profile), **options), get_run_logger())
