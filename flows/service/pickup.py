"""The loop of a worker, which picks up runs until it is asked to stop.

Laws
- Asked by SIGTERM, Ctrl-C or a closed terminal, it asks its runs to stop at their next safe point, waits until they
  have told the server and the books, and ends. Prefect's own worker kills them: anyio kills the process that a
  cancelled task waits for, and a run that was killed counts as running until its heartbeat is missed.
- Asked once more, or when runs take too long, it ends at once and kills them.
- A run is started by Prefect's engine and nothing between, in the worker's own folder. Of its own accord Prefect
  prepares a workspace, a temporary folder in which reports and relative paths are lost, and writes the whole
  environment, connection strings included, into a file that a killed worker leaves behind.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import psutil
from prefect.utilities.processutils import command_to_string
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker

from flows.local import stopping
from flows.service.deploy import POOL

STOP_SECONDS = 45  # for runs to stop; who stops the worker (flows.service.worker, docker-compose.yml) waits longer
ROUND_SECONDS, CALM_ROUNDS = 0.2, 10
HEALTH_PORT = "PREFECT_WORKER_WEBSERVER_PORT"  # where it is set, the worker says there whether it still polls


class Configuration(ProcessJobConfiguration):
    """How a run is started."""

    def prepare_for_flow_run(self, *args: Any, **kwargs: Any) -> None:
        self.command = command_to_string([sys.executable, "-P", "-m", "prefect.engine"])
        self.working_dir = Path.cwd()
        super().prepare_for_flow_run(*args, **kwargs)


async def work() -> None:
    """Works until a signal comes, or Prefect's worker fails."""
    asked, insisted = asyncio.Event(), asyncio.Event()
    _listen(asked, insisted)
    worker = ProcessWorker(work_pool_name=POOL, create_pool_if_not_found=False)
    worker.job_configuration = Configuration
    has_health = bool(os.environ.get(HEALTH_PORT))
    working = asyncio.create_task(worker.start(with_healthcheck=has_health, printer=print))
    await _first(working, asked.wait())
    if asked.is_set():
        await _first(_stop_runs(), insisted.wait(), asyncio.sleep(STOP_SECONDS))
        working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


def _listen(asked: asyncio.Event, insisted: asyncio.Event) -> None:
    requests = stopping.Requests()

    def hear() -> None:
        (insisted if requests.is_again() else asked).set()

    for number in stopping.heard():
        asyncio.get_running_loop().add_signal_handler(number, hear)


async def _first(*works: Awaitable[object]) -> None:
    """Until one of them is done; waiting for the others ends, but a task that somebody else made goes on."""
    waits = [work if isinstance(work, asyncio.Task) else asyncio.ensure_future(work) for work in works]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait, work in zip(waits, works, strict=True):
        if wait is not work:
            wait.cancel()


async def _stop_runs() -> None:
    """Asks every run once, those too that the worker still picks up meanwhile, until none has been there for a while.

    So one that is being started is not left behind, and the server is told of one that had not got so far as to say it.
    """
    asked, calm = set(), 0
    while calm < CALM_ROUNDS:
        runs = psutil.Process().children()
        calm = 0 if runs else calm + 1
        for run in runs:
            if run not in asked:
                asked.add(run)
                with contextlib.suppress(psutil.NoSuchProcess):
                    run.terminate()
        await asyncio.sleep(ROUND_SECONDS)
