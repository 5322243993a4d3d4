"""Deployments, work pool, queues and automations, put on the configured Prefect server.

Laws
- Everything is known by its name and made or brought up to date, so `deploy` may be run again at any time.
- What people have switched on stays on: a schedule's state on the server outlives a deploy.
- No URL and no secret is a parameter or a job variable: the server learns nothing of where the databases are.
"""

import contextlib
import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Iterator
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkQueueUpdate
from prefect.client.schemas.filters import WorkPoolFilter, WorkPoolFilterName
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from flows import automations
from flows.places import PROJECT
from flows.server import ServerError

POOL = "nxtgauge"
QUEUES = {"target": 1, "notices": 10}  # how many runs at once; a paused one counts for none
FILE = PROJECT / "prefect.yaml"


def deploy() -> dict:
    """Applies prefect.yaml to the configured server; what stands there now, as names. Errors: ServerError."""
    if not FILE.is_file():
        raise ServerError(f"{FILE} is missing; deploy from a checkout of the project")
    with get_client(sync_client=True) as client:
        _make_pool(client)
        awake = _awake(client)
    try:
        _apply_file()
    finally:  # also where it broke off half-way
        with get_client(sync_client=True) as client:
            _wake(client, awake)
    with get_client(sync_client=True) as client:
        names = sorted(deployment.name for deployment in _ours(client))
        notify_id = client.read_deployment_by_name("notify/notify").id
    return {"work_pool": POOL, "deployments": names, "automations": automations.apply(notify_id)}


def _ours(client) -> list[DeploymentResponse]:
    pool = WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL]))
    return client.read_deployments(work_pool_filter=pool)


def _schedules(client) -> Iterator[tuple[tuple[str, str], UUID, DeploymentSchedule]]:
    """What a schedule is known by (deployment, schedule), the deployment's id, the schedule."""
    for deployment in _ours(client):
        for schedule in deployment.schedules:
            yield (deployment.name, schedule.schedule.model_dump_json()), deployment.id, schedule


def _awake(client) -> set[tuple[str, str]]:
    return {name for name, _, schedule in _schedules(client) if schedule.active}


def _wake(client, awake: set[tuple[str, str]]) -> None:
    """Prefect's command makes schedules anew, each as the file has it: asleep."""
    for name, deployment_id, schedule in _schedules(client):
        if name in awake and not schedule.active:
            client.update_deployment_schedule(deployment_id, schedule.id, active=True)


def _make_pool(client) -> None:
    with contextlib.suppress(ObjectAlreadyExists):
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
    for name, limit in QUEUES.items():
        try:
            queue = client.read_work_queue_by_name(name, work_pool_name=POOL)
        except ObjectNotFound:
            queue = client.create_work_queue(name=name, work_pool_name=POOL)
        client.update_work_queue(queue.id, **WorkQueueUpdate(concurrency_limit=limit).model_dump(exclude_unset=True))


def _apply_file() -> None:
    """By Prefect's own command, whose format the file has."""
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(FILE)]
    done = subprocess.run(
        command, cwd=PROJECT, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        raise ServerError(f"prefect deploy ended with code {done.returncode}:\n{_end_of(done.stdout + done.stderr)}")


def _environment() -> dict[str, str]:
    """Prefect's command gets none of our connections: what it does not know it cannot store."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("NXTGAUGE_", "PG"))}
    return ours | {"NXTGAUGE_VERSION": importlib.metadata.version("nxtgauge-migrate")}


def _end_of(text: str, lines: int = 12) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])
