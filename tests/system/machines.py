"""A user's machine: processes, servers and folders of its own, all gone afterwards."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from engine.gates.gates import APPROVAL
from flows.local import places
from tests.support.patience import allowed
from tests.support.places import of_servers

PROGRAM = Path(sys.executable).with_name("nxtgauge-migrate")
TIMEOUT_SECONDS = 600


@dataclass(frozen=True)
class Home:
    """A folder that stands for a user's machine. Commands run in it and keep everything of theirs below it."""

    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
        """Runs the program; a variable adds to the environment."""
        return subprocess.run(
            [PROGRAM, *arguments],
            cwd=self.folder,
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=allowed(TIMEOUT_SECONDS),
        )

    def result(self, *arguments: str, **variables: str) -> dict:
        """What the program prints with --json, if it ends well."""
        done = self.run(*arguments, "--json", **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)


def await_approval(target: str, seconds: float, goes_on: Callable[[], bool] = lambda: True) -> str:
    """The id of the run that waits for approval there, once one does; the books are asked, for each command takes a
    second of a core. goes_on: whether it may still come to that."""
    until = time.monotonic() + allowed(seconds)
    with psycopg.connect(target, autocommit=True) as conn:
        while not (found := _awaiting(conn)):
            assert time.monotonic() < until and goes_on(), "no run waits for approval"
            time.sleep(0.2)
    return found


def _awaiting(conn: psycopg.Connection) -> str | None:
    if conn.execute("select to_regclass('migration.gates')").fetchone() == (None,):
        return None
    query = "select run_id from migration.gates where check_name = %s and state = 'awaiting' order by judged_at desc"
    return next((run_id for (run_id,) in conn.execute(query, [APPROVAL])), None)


def _keep_port(folder: Path) -> None:
    """A port of its own for its server, as if it had had one before: two that start at once would both choose 4200."""
    cache = folder / places._name()
    cache.mkdir(mode=0o700, parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        (cache / "server.json").write_text(json.dumps({"port": probe.getsockname()[1]}))


@contextlib.contextmanager
def machine() -> Iterator[Home]:
    """An empty machine, gone afterwards with all that was started on it."""
    # Not pytest's own temporary folder: a Unix socket's path has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="nxtgauge-system-", dir=of_servers()))
    # A cache of its own, as people have: nobody else may look into it, and PostgreSQL runs as another user under root.
    own = {"TMPDIR": str(folder), "HOME": str(folder), "XDG_CACHE_HOME": str(folder / ".cache")}
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("NXTGAUGE_", "PREFECT_")) and name != "XDG_RUNTIME_DIR"
    }
    _keep_port(folder / ".cache")
    found = Home(folder, inherited | own)
    try:
        yield found
    finally:
        found.run("server", "stop")
        found.run("demo", "--remove")
        shutil.rmtree(folder, ignore_errors=True)
