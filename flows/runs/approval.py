"""The approval of a build by a person: in the books by `nxtgauge-migrate approve`, or on a form in Prefect's UI.

Laws
- The report is written before anybody is asked, and the request links to it.
- The decision is the row in the target's books (engine.gates.approval). Prefect's form is one more way to it: whichever
  comes first counts, and the other is told. A Prefect server that fails loses nothing but its form.
- The run stays in its process while it is paused. It asks the books every second; Prefect is asked beside it, in a
  thread, for a server that is gone is asked in vain for minutes.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, cast
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.input import RunInput, keyset_from_paused_state
from prefect.input.run_input import Keyset
from prefect.runtime import flow_run
from prefect.states import Paused, Running
from pydantic import Field

from engine.gates.approval import Decision, Request
from flows.local.logs import Log
from flows.runs import artifacts, calls

LOG = logging.getLogger("nxtgauge")
PAUSE_KEY = "approval"
POLL_SECONDS = 1.0
CLOSE_SECONDS = 10  # for the server to take down that the run goes on
# Prefect fails a run whose pause outlives its own timeout; ours ends first, and says what became of the build.
SPARE_SECONDS = 300


class Approval(RunInput):
    """What the form asks."""

    decision: Literal["approve", "reject"] = Field(description="Whether this build is published.")
    name: str = Field(pattern=r"\S", description="Who decides; it stands in the books and in every report.")
    comment: str = Field(default="", description="Why, if there is anything to say.")


class PrefectDesk:
    """The desk of a run inside a Prefect flow. told: gives the report (with `reports`) of what is known so far. notice:
    what else has to be known before the decision."""

    def __init__(self, told: Callable[[dict[str, Any]], dict[str, Any]], log: Log, notice: str = ""):
        self._told, self._log, self._notice = told, log, notice
        self._said: Decision | None = None
        self._is_over = threading.Event()

    def ask(self, request: Request) -> None:
        """Reports; pauses the flow run with the form, and listens to it."""
        report = self._told(request.summary.to_dict())
        calls.beside(lambda: self._ask(request, report))

    def _ask(self, request: Request, report: Mapping[str, Any]) -> None:
        try:
            keyset = self._pause(request, artifacts.linked(report, self._log))
        except Exception as error:  # the books can be asked all the same
            self._log.warning("the form did not reach the Prefect server: %s", type(error).__name__)
            return
        if self._is_over.is_set():  # it was decided elsewhere before the form was there
            self._resume()
        while self._said is None and not self._is_over.wait(POLL_SECONDS):
            self._said = _answer(keyset)

    def _pause(self, request: Request, report: Mapping[str, Any]) -> Keyset:
        seconds = int((request.until - datetime.now(UTC)).total_seconds()) + SPARE_SECONDS
        paused: State[None] = Paused(timeout_seconds=seconds, reschedule=False, pause_key=PAUSE_KEY)
        keyset = keyset_from_paused_state(paused)
        paused.state_details.run_input_keyset = {str(key): where for key, where in keyset.items()}
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(_run_id(), paused)
        form = Approval.with_initial_data(description=_description(request, report, self._notice))
        form.save(keyset, flow_run_id=_run_id())
        return keyset

    def answer(self) -> Decision | None:
        """What the form was sent with, once it was."""
        return self._said

    def close(self, outcome: str) -> None:
        """Lets the flow run go on, if the decision came from elsewhere."""
        self._is_over.set()
        self._log.info("%s", outcome)
        if self._said is None:
            calls.beside(self._resume).join(CLOSE_SECONDS)

    def _resume(self) -> None:
        try:
            with get_client(sync_client=True) as client:
                state = client.read_flow_run(_run_id()).state
                if state is not None and state.is_paused():  # somebody may have cancelled it, or it may have ended
                    client.set_flow_run_state(_run_id(), Running(), force=True)
        except Exception as error:
            self._log.warning("the paused run could not be resumed in Prefect: %s", type(error).__name__)


def _answer(keyset: Keyset) -> Decision | None:
    try:
        with get_client(sync_client=True) as client:
            state = client.read_flow_run(_run_id()).state
        if state is None or not state.is_running():
            return None
        said = cast(Approval, Approval.load(keyset, flow_run_id=_run_id()))  # typed as if it might have to be awaited
    except Exception as error:
        LOG.debug("the Prefect server did not answer: %s", type(error).__name__)
        return None
    return Decision(said.decision == "approve", said.name, said.comment)


def _run_id() -> UUID:
    return UUID(flow_run.get_id())


def _description(request: Request, report: Mapping[str, Any], notice: str) -> str:
    """Markdown that the form shows above its fields."""
    page = f"[Read the report]({artifacts.link(report['artifact'])}) first. " if report.get("artifact") else ""
    until = request.until.strftime("%Y-%m-%d %H:%M UTC")
    return (
        f"Verified: {report['headline']['text']}\n\n"
        f"{page}Run `{request.run_id}` publishes this build if you approve it. "
        f"If nobody decides until {until}, it is not published. {notice}".rstrip()
    )
