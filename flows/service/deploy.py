"""Deployments, work pool, queues and automations, put on the configured Prefect server.

Laws
- Everything is known by its name and created or updated, so `deploy` may be run again at any time.
- The schedules of a deployment are the file's when it is made, and the server's from then on: what people have switched
  on, moved or added outlives a deploy.
- No URL and no secret is a parameter or a job variable: the server never knows where the databases are.
"""

import contextlib
import importlib.metadata
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate, WorkQueueUpdate
from prefect.client.schemas.filters import WorkPoolFilter, WorkPoolFilterName
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from flows.local import processes
from flows.local.prefect_server import ServerError
from flows.service import automations

POOL = "nxtgauge"
QUEUES = {"target": 1, "notices": 10}  # how many runs at once; a paused one counts for none
FILE = Path(__file__).with_name("prefect.yaml")
FIELDS = set(DeploymentScheduleCreate.model_fields)


def deploy() -> dict[str, Any]:
    """Applies prefect.yaml to the configured server; what stands there now, as names. Errors: ServerError."""
    with get_client(sync_client=True) as client:
        _make_pool(client)
        kept = {deployment.name: deployment.schedules for deployment in _ours(client)}
    try:
        _apply_file()
    finally:  # also where it broke off half-way
        with get_client(sync_client=True) as client:
            _put_back(client, kept)
    with get_client(sync_client=True) as client:
        names = sorted(deployment.name for deployment in _ours(client))
        notify_id = client.read_deployment_by_name("notify/notify").id
    return {"work_pool": POOL, "deployments": names, "automations": automations.apply(notify_id)}


def _ours(client: SyncPrefectClient) -> list[DeploymentResponse]:
    pool = WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL]))
    return client.read_deployments(work_pool_filter=pool)


def _put_back(client: SyncPrefectClient, kept: Mapping[str, list[DeploymentSchedule]]) -> None:
    """Prefect's command makes a deployment's schedules anew, each as the file has it."""
    for deployment in _ours(client):
        if deployment.name not in kept:
            continue
        for schedule in deployment.schedules:
            client.delete_deployment_schedule(deployment.id, schedule.id)
        wanted = [DeploymentScheduleCreate(**schedule.model_dump(include=FIELDS)) for schedule in kept[deployment.name]]
        if wanted:
            client.create_deployment_schedules(deployment.id, wanted)


def _make_pool(client: SyncPrefectClient) -> None:
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
    version = importlib.metadata.version("nxtgauge-migrate")
    # It gets none of our connections: what it does not know it cannot store.
    environment = processes.unconnected() | {"NXTGAUGE_VERSION": version}
    done = subprocess.run(
        command, cwd=FILE.parent, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ServerError(f"prefect deploy ended with code {done.returncode}:\n{_end_of(done.stdout + done.stderr)}")


def _end_of(text: str, lines: int = 12) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])
