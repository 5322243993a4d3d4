"""The worker: picks up runs of our work pool and runs each in a process of its own, with this process's environment.

Laws
- It runs in the foreground; `start` keeps one of its own in the background, as `server start` does for a laptop.
- Connections come from its environment; a worker whose environment is wrong says so at once and does not start.
- Runs send heartbeats often enough that a dead one is found soon (flows.service.automations).
"""

import json
import logging
import os
import sys
from dataclasses import asdict
from pathlib import Path

from config import masks
from config.errors import ConfigError
from config.settings import Settings
from flows.local import logs, prefect_server, private, processes
from flows.local.places import cache_folder
from flows.local.processes import Process

LOG = logging.getLogger("nxtgauge")
STOP_SECONDS = 60  # longer than the worker waits for its runs (flows.service.pickup)
READY = "worker is ready"
READY_SECONDS = 120


def run(settings: Settings) -> None:
    """Works until it is stopped. Errors: ConfigError if no Prefect server is configured, or databases are not."""
    url = prefect_server.answering_url()
    if url is None:
        raise ConfigError(f"{prefect_server.silence()}; start one, or set PREFECT_API_URL to the address of its API")
    if why := prefect_server.refused(url):
        raise ConfigError(why)
    check(settings)
    prefect_server.use(url)
    os.environ |= logs.for_prefect()
    _show_metrics(settings)
    _work()


def _show_metrics(settings: Settings) -> None:
    """To Prometheus, for as long as the process lives. Of two workers on one machine one has the port."""
    from flows.observe import metrics

    try:
        found = metrics.serve(settings.metrics_port)
    except ConfigError as error:
        LOG.warning("%s", error)
        return
    if found:
        LOG.info("metrics for Prometheus at %s", found.address)


def check(settings: Settings) -> None:
    """A worker for rehearsals alone may know the staging copy and no legacy database.

    Errors: ConfigError, before any run is picked up that could only fail.
    """
    masks.load()  # with the mapping, which it is held against
    _ = settings.target, settings.staging if settings.source_url is None else settings.source


def _work() -> None:
    import asyncio

    from flows.service.pickup import work

    print(READY, flush=True)
    asyncio.run(work())


def state_path() -> Path:
    return cache_folder() / "worker.json"


def log_path() -> Path:
    return cache_folder() / "worker.log"


def running() -> Process | None:
    """The worker that was started in the background, if it still lives."""
    try:
        found = Process(**json.loads(state_path().read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return found if found.is_alive else None


def start(api_url: str) -> Process:
    """A worker in the background for this environment, or the one that runs already. Errors: ServerError."""
    with prefect_server.alone():
        return running() or _spawned(api_url)


def _spawned(api_url: str) -> Process:
    private.write(log_path(), "")
    command = [sys.executable, "-c", "from flows.cli.main import main; import sys; sys.exit(main(['worker']))"]
    child = processes.spawn(command, os.environ | {"PREFECT_API_URL": api_url}, Path.cwd(), log_path())
    state_path().write_text(json.dumps(asdict(child)))
    _await_ready(child)
    return child


def _await_ready(child: Process) -> None:
    waiting = prefect_server.Waiting("the worker to be ready", log_path(), READY_SECONDS)
    while READY not in log_path().read_text(errors="replace"):
        if not child.is_alive or not waiting.goes_on():
            tail = processes.last_lines(log_path())
            raise prefect_server.ServerError(f"the worker did not start; its log, {log_path()}, ends:\n{tail}")


def stop() -> bool:
    """Stops the worker that was started in the background; False where none was running."""
    found = running()
    if found is None:
        return False
    if not processes.end(found, STOP_SECONDS):
        raise prefect_server.ServerError(f"the worker, process {found.pid}, does not end")
    return True
