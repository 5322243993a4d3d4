"""Calls of our flows from this process.

Laws
- A flow's parameters are stored by Prefect as plain text: a profile, a run, a mode, and nothing else.
- A flow's result, or its error, is passed in a Call, so that Prefect never pickles either into its storage.
- A flow that failed ends Failed, one that its gates refused GateClosed (a kind of Failed), one that was asked to stop
  Cancelled; their messages hold no value of a row.
"""

import contextlib
import contextvars
import logging
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from prefect import Flow, tags
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.context import TagsContext
from prefect.exceptions import CancelledRun, FailedRun
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed
from prefect.utilities.urls import url_for
from pydantic import Field

from config.errors import Interrupted, VerificationFailed
from config.origins import profiles
from engine.session.execution import Watch
from flows.local import logs, progress
from flows.local.prefect_server import ServerError
from flows.runs.heard import heard
from flows.runs.tasks import safe_text

LOG = logging.getLogger("nxtgauge")
TAG = "nxtgauge"  # of every flow run of ours: what automations know them by
GATE_CLOSED = "GateClosed"  # name of the failed state of a run that its gates refused
# A list to choose from, in the UI's form; blank: none is named. A call from here may name a file.
ProfileName = Annotated[str, Field(json_schema_extra={"enum": ["", *profiles()]})]


@dataclass
class Call:
    """watch: the caller's. is_own: a Prefect worker runs the flow, in a process of its own. stopped: comes back once a
    person here has stopped the writers. The flow fills the rest."""

    watch: Watch | None = None
    stopped: Callable[[], None] | None = None
    is_own: bool = False
    result: dict[str, Any] | None = None
    error: BaseException | None = None
    page: str | None = None


_CALL: ContextVar[Call | None] = ContextVar("call", default=None)


def run(
    flow: Flow[..., Any], watch: Watch | None = None, stopped: Callable[[], None] | None = None, **parameters: object
) -> dict[str, Any]:
    """Runs the flow here; its result with the address of its page as `prefect`. Raises what the engine raised.

    A parameter that is None is left to the flow's default.
    """
    call = Call(watch, stopped)
    token = _CALL.set(call)
    try:
        with tags(TAG):
            flow(**{name: value for name, value in parameters.items() if value is not None})
    except Exception as error:
        _raise_own(call, error)
    finally:
        _CALL.reset(token)
    return (call.result or {}) | {"prefect": call.page}


def _raise_own(call: Call, error: Exception) -> None:
    """The engine's error in place of Prefect's; none where the work was done and only Prefect could not say so."""
    if call.error is not None:
        raise call.error from None
    if call.result is None:
        hint = "stop it or unset PREFECT_API_URL to run without"
        raise ServerError(f"the Prefect server failed before the work began: {type(error).__name__}; {hint}") from error
    if not isinstance(error, FailedRun | CancelledRun):
        LOG.warning("the work is done, but the Prefect server did not take it down: %s", type(error).__name__)


def final_state(
    work: Callable[[Watch], dict[str, Any]], ended: Callable[[dict[str, Any]], State] | None = None
) -> State:
    """A flow's whole body: does the work, keeps what came of it for the caller, says how it ended.

    ended: says how work ended that was done; by default it is Completed.
    """
    call = _CALL.get() or _own_call()
    call.page = url_for("flow-run", obj_id=flow_run.get_id())
    try:
        call.result = _heard(work, call)
    except Interrupted as error:
        call.error = error
        return Cancelled(message=safe_text(error))
    except VerificationFailed as error:
        call.error = error
        is_gate = error.summary is not None  # else it is about a staging copy
        return Failed(message=with_page(safe_text(error), error.report or {}), name=GATE_CLOSED if is_gate else None)
    except Exception as error:
        call.error = error
        return Failed(message=safe_text(error))
    return ended(call.result) if ended else Completed(message=call.result.get("artifact"))


def current() -> Call:
    """The call under way; one of nobody's in a worker's process."""
    return _CALL.get() or Call()


def first_name() -> str:
    """What a flow run is called until the run that it is about has an id, which begins with its time likewise."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}"


def name_run(run_id: str) -> None:
    """Call the flow run by the id of the run that it is about: as reports and books do, and notices then."""
    beside(partial(_name, UUID(flow_run.get_id()), run_id))


def _name(flow_run_id: UUID, name: str) -> None:
    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run(flow_run_id, name=name)
    except Exception as error:
        LOG.warning("the flow run could not be called %s in Prefect: %s", name, type(error).__name__)


def beside(work: Callable[[], None]) -> threading.Thread:
    """Does it in a thread that knows which flow run this is, and that nobody has to wait for."""
    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), name="beside", daemon=True)
    thread.start()
    return thread


def _own_call() -> Call:
    """In the process of a Prefect worker: nobody else sets up its log."""
    from prefect.settings import PREFECT_LOGGING_LEVEL

    logs.set_up(is_verbose=PREFECT_LOGGING_LEVEL.value() == "DEBUG")
    return Call(is_own=True)


def _heard(work: Callable[[Watch], dict[str, Any]], call: Call) -> dict[str, Any]:
    """What the work gives; how it ended otherwise stands in the log too, where no command will say it."""
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(TagsContext(current_tags=set()))  # a task with a tag asks the server before it begins
            watch = stack.enter_context(progress.shown(is_plain=True)) if call.is_own else call.watch
            return work(stack.enter_context(heard(watch)))
    except Exception as error:
        if call.is_own:
            LOG.error("%s", safe_text(error), exc_info=error if logs.is_json() else None)
        raise


def with_page(text: str, report: Mapping[str, Any]) -> str:
    return "\n".join(filter(None, (text, report.get("artifact"))))
