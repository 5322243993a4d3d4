"""Calls of our flows from this process.

Laws
- A flow's parameters are stored by Prefect as plain text: a profile, a run, a mode, and nothing else.
- What a flow gives back travels beside it, in a Call; an error too, so that Prefect never pickles one into its storage.
- A flow that failed ends Failed, one that was asked to stop ends Cancelled; their messages hold no value of a row.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from prefect import Flow
from prefect.exceptions import CancelledRun, FailedRun
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed, State
from prefect.utilities.urls import url_for

from config.errors import Interrupted
from flows.progress import Watch
from flows.workers import safe_text


@dataclass
class Call:
    """watch: the caller's, or None where a Prefect worker runs the flow. The rest is filled by the flow."""

    watch: Watch | None = None
    result: dict | None = None
    error: BaseException | None = None
    page: str | None = None


_CALL: ContextVar[Call | None] = ContextVar("call", default=None)


def run(flow: Flow, watch: Watch | None = None, **parameters) -> dict:
    """Runs the flow here; its result with the address of its page as `prefect`. Raises what the engine raised."""
    call = Call(watch)
    token = _CALL.set(call)
    try:
        flow(**parameters)
    except (FailedRun, CancelledRun):
        if call.error is not None:
            raise call.error from None
        if call.result is None:  # neither: Prefect's own failure
            raise
    finally:
        _CALL.reset(token)
    return call.result | {"prefect": call.page}


def final_state(work: Callable[[Watch | None], dict]) -> State:
    """A flow's whole body: does the work, keeps what came of it for the caller, says how it ended."""
    call = _CALL.get() or Call()
    call.page = url_for("flow-run", obj_id=flow_run.get_id())
    try:
        call.result = work(call.watch)
    except Interrupted as error:
        call.error = error
        return Cancelled(message=safe_text(error))
    except Exception as error:
        call.error = error
        return Failed(message=safe_text(error))
    if call.result.get("passed") is False:
        return Failed(message=f"verification failed: {len(call.result['findings'])} findings")
    return Completed(message=call.result.get("artifact"))
