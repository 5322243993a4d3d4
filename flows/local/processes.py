"""Processes of our own that outlive the command that started them: a server, a worker.

Laws
- A process is known by pid and start time, so a later process of the same pid is never taken for it.
- Only a process that is on record is ever ended, with its whole session.
- Importing this module is cheap.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.local import private

KILL_SECONDS = 5


@dataclass(frozen=True)
class Process:
    """started: the process's start time."""

    pid: int
    started: float

    @property
    def is_alive(self) -> bool:
        return started(self.pid) == self.started


def started(pid: int) -> float | None:
    """When the process began, or None if there is none (a zombie is none)."""
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def unconnected() -> dict[str, str]:
    """This process's environment without our settings and PostgreSQL's, for what need not reach a database."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("NXTGAUGE_", "PG"))}


def listens(process: Process, port: int) -> bool:
    """Whether the process, or one that it has started, listens on the port."""
    import psutil

    try:
        whole = [own := psutil.Process(process.pid), *own.children(recursive=True)]
        found = [connection for each in whole for connection in each.net_connections("tcp")]
    except psutil.Error:
        return False
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in found)


def spawn(command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> Process:
    """Starts it in a session of its own: Ctrl-C in the terminal that started it must not end it."""
    private.touch(log)
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
        )
    return Process(child.pid, started(child.pid) or 0.0)


def end(process: Process, seconds: float) -> bool:
    """Asks its session to end, then makes it; whether it has ended."""
    for sign, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, KILL_SECONDS)):
        if process.is_alive:
            os.killpg(process.pid, sign)
            _await_end(process, patience)
    return not process.is_alive


def last_lines(log: Path, lines: int = 8) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _await_end(process: Process, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.is_alive:
        time.sleep(0.1)
