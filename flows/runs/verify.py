"""The verification as a Prefect flow. It changes neither database, and ends Failed where anything is wrong.

Where nothing is, and not everything was compared, it ends NotAllCompared, a kind of Completed.
"""

from typing import Any, Literal

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from config import settings as configuration
from config.errors import VerificationFailed
from engine.session.execution import Watch
from flows.local import report
from flows.runs import artifacts, calls, work
from flows.runs.calls import ProfileName

NOT_ALL_COMPARED = "NotAllCompared"  # name of the completed state of a verification that found nothing wrong in a part


@flow(name="verify", flow_run_name=calls.first_name, persist_result=False)
def verify(
    profile: ProfileName = "",
    run_id: str = "",
    level: Literal["counts", "content", "full"] = "full",
    sample: float = 100,
    data_docs: str = "",
    strict: bool = False,
) -> State:
    """Judges what is published in the target that the worker's environment names, or what a run has built there.

    Args:
        profile: A file in config/profiles. What is judged goes by the profile that it was built with.
        run_id: Judge what this run has built; blank for what is published.
        level: counts compares numbers of rows, content all values too, full everything that there is to check.
        sample: Compare so many per cent of the rows.
        data_docs: A folder of the worker's for Great Expectations' own pages; blank for none.
        strict: Fail, too, where not everything was compared.
    """
    options: dict[str, Any] = {"run_id": run_id or None, "level": level, "data_docs": data_docs or None}
    options |= {"sample": sample if sample < 100 else None}
    return calls.final_state(lambda watch: _verified(profile, options, watch), lambda found: ended(found, strict))


def ended(found: dict[str, Any], strict: bool) -> State:
    """The flow's final state: as the command's exit code says it."""
    code = report.exit_code(found, strict)
    message = calls.with_page(f"{found['headline']['word']}: {found['headline']['text']}", found)
    if code == VerificationFailed.exit_code:
        return Failed(message=message)
    return Completed(message=message, name=NOT_ALL_COMPARED) if code else Completed(message=found.get("artifact"))


def _verified(profile: str, options: dict[str, Any], watch: Watch) -> dict[str, Any]:
    found = work.verify(configuration.load(profile or None), **options, watch=watch, begun=calls.name_run)
    return artifacts.linked(found, get_run_logger())
