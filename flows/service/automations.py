"""The Prefect server's automations, as code: notices, and the end of runs whose process has died.

Laws
- An automation is known by its name; `apply` creates or updates it, and touches no other. One that people have switched
  off stays off. Of several of one name, as two deploys at once may make them, one stays: each would send a notice.
- Only flow runs with our tag are watched. The flow of the notices does not have it, so no notice is about a notice.
- No address is stored here: a notice is a run of the deployment `notify`, which gets the address from its worker.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from flows.local.prefect_server import HEARTBEAT_SECONDS
from flows.runs.calls import GATE_CLOSED, TAG

SILENT_SECONDS = 3 * HEARTBEAT_SECONDS  # so long without a heartbeat, and a run counts as crashed
PENDING_SECONDS = 600  # so long between a worker's claim and the run's begin, likewise
PREFIX = "nxtgauge: "
ENDINGS = ("Completed", "Failed", GATE_CLOSED, "Cancelled", "Crashed")
STATE = "prefect.flow-run.{}"


def apply(notify_id: UUID) -> list[str]:
    """Makes or renews our automations on the configured server; their names. notify_id: of the deployment."""
    with get_client(sync_client=True) as client:
        return [_put(client, automation) for automation in _wanted(notify_id)]


def _put(client: SyncPrefectClient, wanted: AutomationCore) -> str:
    found = client.read_automations_by_name(wanted.name)
    if found:
        kept, *others = found
        is_on = all(each.enabled for each in found)
        client.update_automation(kept.id, wanted.model_copy(update={"enabled": is_on}))
        for other in others:
            client.delete_automation(other.id)
    else:
        client.create_automation(wanted)
    return wanted.name


def _wanted(notify_id: UUID) -> Iterator[AutomationCore]:
    yield _notice("a run failed", "failed", ["Failed"], notify_id)
    yield _notice("a run crashed", "crashed", ["Crashed"], notify_id)
    yield _notice("a gate is closed", "gate", [GATE_CLOSED], notify_id)
    yield _notice("a run waits for approval", "approval", ["Paused"], notify_id)
    yield _crash()
    yield _stillborn()


def _notice(name: str, what: str, states: list[str], notify_id: UUID) -> AutomationCore:
    return AutomationCore(
        name=PREFIX + name,
        description="Starts the deployment notify, which tells people.",
        trigger=_trigger(Posture.Reactive, expect={STATE.format(state) for state in states}),
        actions=[RunDeployment(source="selected", deployment_id=notify_id, parameters=_parameters(what))],
    )


def _parameters(what: str) -> dict[str, Any]:
    """Templates, which the server fills in: names and an id, nothing of the run's content."""
    shown = {"flow_name": "{{ flow.name }}", "run_name": "{{ flow_run.name }}", "flow_run_id": "{{ flow_run.id }}"}
    return {"what": what} | {key: {"__prefect_kind": "jinja", "template": text} for key, text in shown.items()}


def _crash() -> AutomationCore:
    """Whoever is killed cannot say so: a run that has once sent a heartbeat, and sends none any more, has crashed."""
    beat = STATE.format("heartbeat")
    return AutomationCore(
        name=PREFIX + "a run without a heartbeat has crashed",
        description=f"A run that sent no heartbeat for {SILENT_SECONDS} s counts as crashed; the next run resumes it.",
        trigger=_trigger(
            Posture.Proactive,
            after={beat},
            expect={beat, *(STATE.format(state) for state in ENDINGS)},
            within=timedelta(seconds=SILENT_SECONDS),
        ),
        actions=[_crashed(f"no heartbeat for {SILENT_SECONDS} s: its process is gone; the next run resumes it")],
    )


def _stillborn() -> AutomationCore:
    """A run that was claimed and never began has no heartbeat to miss, and would hold up the queue for ever."""
    return AutomationCore(
        name=PREFIX + "a run that never began has crashed",
        description=f"A run that does not begin within {PENDING_SECONDS} s after a worker took it counts as crashed.",
        trigger=_trigger(
            Posture.Proactive,
            after={STATE.format("Pending")},
            expect={STATE.format(state) for state in ("Running", *ENDINGS)},
            within=timedelta(seconds=PENDING_SECONDS),
        ),
        actions=[_crashed(f"it did not begin within {PENDING_SECONDS} s: its worker is gone; start it again")],
    )


def _crashed(message: str) -> ChangeFlowRunState:
    return ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message=message)


def _trigger(posture: Posture, **conditions: Any) -> EventTrigger:
    return EventTrigger(
        posture=posture,
        match={"prefect.resource.id": "prefect.flow-run.*"},
        match_related={"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"},
        for_each={"prefect.resource.id"},
        threshold=1,
        **conditions,
    )
