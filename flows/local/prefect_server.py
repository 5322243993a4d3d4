"""A Prefect server of one's own: a child process on the loopback address that outlives the command that started it.

Laws
- Persistent, never Prefect's temporary ("ephemeral") one: that is stopped before the recorder of task runs flushes,
  and runs go missing.
- Its state (process, port), its log and its database lie in the cache folder; the port is kept from start to start.
- Only a process that this module started is ever stopped: the pid must be alive and have the start time on record.
- Another server that took the same port first is not mistaken for ours: ours ends then, and the next start tries
  another port.
- The server's environment holds none of our connection settings.
- If PREFECT_SERVER_API_AUTH_STRING is set, the server admits nobody without it, and its clients here send it. It is
  passed in the environment alone: never as an argument, in a file or in output.
- A command goes to the server that PREFECT_API_URL names, else to this one, and to no other: whatever answers on
  Prefect's usual port may be another project's.
- Importing this module is cheap, for the command line does it on every run.
- Its first database is a copy of one that Prefect has made when the program was set up (make_database), where there is
  one: Prefect's migrations are more than half of a first start. Without one it makes its own.
"""

import base64
import contextlib
import fcntl
import json
import logging
import os
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

from config.errors import MigrateError
from flows.local import processes
from flows.local.places import cache_folder
from flows.local.processes import Process

LOG = logging.getLogger("nxtgauge")
HOST = "127.0.0.1"
DEFAULT_PORT = 4200  # Prefect's own, and prefect.toml's
UNNAMED = "PREFECT_API_URL is not set, and no server of this checkout runs"
SAY_SECONDS = 5.0  # between two lines about what is waited for
HEALTH_SECONDS = 5.0  # one that is gone refuses at once; one that is busy must not be taken for gone
START_SECONDS = 180  # seen: 13 s the first time, 4 s later; far more on a cold disk without cached bytecode
STOP_SECONDS = 15
POLL_SECONDS = 0.2
# SQLite takes one writer at a time. Events that are kept twenty at a time, the default, keep it busy while a short run
# ends, and an automation that cannot write gives up within a tenth of a second; its notice is then lost. Larger batches
# make that rarer; PREFECT_SERVER_DATABASE_CONNECTION_URL with a PostgreSQL database ends it (docs/production.md).
EVENTS_AT_ONCE = "500"
ASKED, SAID = "PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING"  # user:password, of a server, of its clients
DATABASE = "prefect.db"  # in PREFECT_HOME
HEARTBEAT_SECONDS = 30  # between two signs of life of a flow run; the least that Prefect allows


class ServerError(MigrateError):
    """The local Prefect server did not start or stop."""


@dataclass(frozen=True)
class StartedServer(Process):
    """A server that was started here. is_demos: by the demo, and nobody else has asked for it since."""

    port: int
    is_demos: bool = False

    @property
    def ui_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def api_url(self) -> str:
        return f"{self.ui_url}/api"


def state_path() -> Path:
    return cache_folder() / "server.json"


def log_path() -> Path:
    return cache_folder() / "server.log"


def home_path() -> Path:
    return cache_folder() / "prefect"


def is_healthy(api_url: str) -> bool:
    """Whether a Prefect API answers there, within some seconds. Proxies of the environment are not asked."""
    try:
        with _opened(f"{api_url.rstrip('/')}/health") as answer:
            return answer.status == 200 and answer.read(16).strip() == b"true"
    except (OSError, ValueError):
        return False


def admits(api_url: str, auth: str | None) -> bool:
    """Whether the answering API admits a client with these credentials. Only a plain refusal counts; other errors are
    left to Prefect's client."""
    said = {"Authorization": f"Basic {base64.b64encode(auth.encode()).decode()}"} if auth else {}
    try:
        _opened(f"{api_url.rstrip('/')}/admin/version", said).close()
    except urllib.error.HTTPError as error:
        return error.code not in (401, 403)
    except (OSError, ValueError):
        return True
    return True


def _opened(url: str, headers: Mapping[str, str] | None = None) -> HTTPResponse:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    answer: HTTPResponse = opener.open(urllib.request.Request(url, headers=headers or {}), timeout=HEALTH_SECONDS)
    return answer


def auth_for(api_url: str | None) -> str | None:
    """The credentials that this process sends to an API; for our own server also those that it asks for."""
    server = running()
    is_own = server is not None and api_url == server.api_url
    return os.environ.get(SAID) or (os.environ.get(ASKED) if is_own else None) or None


def refused(api_url: str) -> str | None:
    """Why an answering API does not admit us; None if it does."""
    auth = auth_for(api_url)
    if admits(api_url, auth):
        return None
    found = f"does not take what {SAID} says" if auth else f"asks for a password, and {SAID} is not set"
    return f"the Prefect server at {api_url} {found}; set it to the server's user:password"


def running() -> StartedServer | None:
    """The server that was started here, if its process still lives."""
    try:
        record = json.loads(state_path().read_text())
        server = StartedServer(record["pid"], record["started"], record["port"], record.get("is_demos", False))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return server if server.is_alive else None


def configured_url() -> str | None:
    """The Prefect API that the environment names, else our own server's. It may not answer."""
    named = os.environ.get("PREFECT_API_URL")
    if named:
        return named
    server = running()
    return server.api_url if server else None


def answering_url() -> str | None:
    """The configured Prefect API if it answers, else None."""
    if named := os.environ.get("PREFECT_API_URL"):
        return named if is_healthy(named) else None
    server = running()
    return server.api_url if server and _answers(server) else None


def silence() -> str:
    """Why no Prefect API answers, for people."""
    url = configured_url()
    return f"no Prefect server answers at {url}" if url else UNNAMED


def _answers(server: StartedServer) -> bool:
    """Whether it is this one that answers, and not another that took its port first."""
    return is_healthy(server.api_url) and processes.listens(server, server.port)


def use(api_url: str) -> None:
    """Points this process's Prefect at the API. Call before Prefect is imported: it reads its settings then."""
    if not os.environ.get("PREFECT_API_URL"):
        os.environ.setdefault("PREFECT_HOME", str(home_path()))
    os.environ["PREFECT_API_URL"] = api_url
    if auth := auth_for(api_url):
        os.environ[SAID] = auth
    os.environ["PREFECT_SERVER_EPHEMERAL_ENABLED"] = "false"
    os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
    os.environ.setdefault("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", str(HEARTBEAT_SECONDS))
    # A call tries for 14 s in place of a minute, and a run makes some calls after its work is done.
    os.environ.setdefault("PREFECT_CLIENT_MAX_RETRIES", "3")
    # Each of some hundred tasks would say that it is Completed, between the lines that people look for.
    os.environ.setdefault("PREFECT_LOGGING_LOGGERS_PREFECT_TASK_RUNS_LEVEL", "WARNING")


def start() -> StartedServer:
    """Starts the server, or finds it running. Errors: as `wait`."""
    server = begin()
    wait(server)
    return server


def begin(for_demo: bool = False) -> StartedServer:
    """Starts the server, or finds it running; it need not answer yet. Who starts or finds it for good keeps it."""
    with alone():
        server = running() or _spawn(_free_port(), for_demo)
        if server.is_demos and not for_demo:
            server = replace(server, is_demos=False)
            _keep(server)
        return server


def wait(server: StartedServer) -> None:
    """Waits until the server answers. ServerError holds the log's last lines where it does not come up."""
    with alone():
        _await_health(server)
        _expect_guarded(server)


def _expect_guarded(server: StartedServer) -> None:
    """Errors: ServerError where the server was started otherwise than this environment says."""
    if os.environ.get(ASKED) and admits(server.api_url, None):
        found = f"the Prefect server that runs here asks nobody for a password, and {ASKED} is set"
        raise ServerError(f"{found}; `nxtgauge-migrate server stop`, then start it again")
    if why := refused(server.api_url):
        raise ServerError(why)


def stop(only_demos: bool = False) -> bool:
    """Stops the server that was started here; False where none was running, or it is not the demo's alone."""
    with alone():
        server = running()
        if server is None or (only_demos and not server.is_demos):
            return False
        _end(server)
        return True


def remove() -> None:
    """Removes all that the stopped server and its worker have kept on this machine."""
    shutil.rmtree(cache_folder())


def status() -> dict[str, Any]:
    """running, healthy, asks_for_password, pid, ui, log; `configured`: where commands go, None for nowhere."""
    server, url, answers = running(), configured_url(), answering_url()
    return {
        "running": server is not None,
        "healthy": answers is not None,
        "asks_for_password": answers is not None and not admits(answers, None),
        "configured": url,
        "pid": server.pid if server else None,
        "ui": server.ui_url if server else None,
        "log": str(log_path()),
    }


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One start or stop at a time; the second waits and then finds what the first did."""
    with (cache_folder() / "server.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            LOG.info("another command starts or stops the Prefect server just now; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _kept_port() -> int | None:
    try:
        return int(json.loads(state_path().read_text())["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _free_port() -> int:
    """The port of last time, else Prefect's, else any that is free."""
    return next(port for port in (_kept_port(), DEFAULT_PORT, _any_port()) if port and _is_free(port))


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a closed server's connections linger
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _environment(port: int) -> dict[str, str]:
    return processes.unconnected() | {
        "PREFECT_HOME": str(home_path()),
        "PREFECT_API_URL": f"http://{HOST}:{port}/api",
        "PREFECT_SERVER_API_HOST": HOST,
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_UI_API_URL": "/api",  # else the UI on another port still calls 4200
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": EVENTS_AT_ONCE,
    }


def made_database() -> Path:
    """Where the empty database of this version of Prefect stands, beside the program's packages."""
    from importlib import metadata

    return Path(sys.prefix) / "share" / "nxtgauge-migrate" / f"prefect-{metadata.version('prefect')}.db"


def make_database() -> None:
    """Have Prefect make an empty database, once. Errors: CalledProcessError, OSError."""
    import sqlite3
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"]
        subprocess.run(command, check=True, env=processes.unconnected() | {"PREFECT_HOME": folder}, capture_output=True)
        whole = Path(folder) / "whole.db"
        with contextlib.closing(sqlite3.connect(Path(folder) / DATABASE)) as conn:
            conn.execute("vacuum into ?", (str(whole),))  # with what stands in files beside it
        _put(whole, made_database())


def _put(database: Path, place: Path) -> None:
    """Copy it there, whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(f".{os.getpid()}")
    shutil.copyfile(database, part)
    part.replace(place)


def _spawn(port: int, for_demo: bool) -> StartedServer:
    home_path().mkdir(exist_ok=True, mode=0o700)
    if not (home_path() / DATABASE).exists() and made_database().exists():
        _put(made_database(), home_path() / DATABASE)
    child = processes.spawn(_command(port), _environment(port), cache_folder(), log_path())
    server = StartedServer(child.pid, child.started, port, for_demo)
    _keep(server)
    return server


def _command(port: int) -> list[str]:
    return [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)]


def _keep(server: StartedServer) -> None:
    state_path().write_text(json.dumps(asdict(server)))


def _await_health(server: StartedServer) -> None:
    waiting = Waiting(f"the Prefect server to answer at {server.api_url}", log_path(), START_SECONDS)
    while waiting.goes_on():
        if not server.is_alive:
            tail = processes.last_lines(log_path())
            raise ServerError(f"the prefect server ended while starting; its log, {log_path()}, ends:\n{tail}")
        if _answers(server):
            return
    _end(server)
    raise ServerError(f"the prefect server did not answer within {START_SECONDS} s; see {log_path()}")


class Waiting:
    """A wait that ends in time, and that people hear of while it lasts.

    what: is waited for; log: tells what it does.
    """

    def __init__(self, what: str, log: Path, seconds: float):
        self._what, self._log, self._seconds, self._began = what, log, seconds, time.monotonic()
        self._say_at = self._began

    def goes_on(self) -> bool:
        """Whether there is time left; after a moment, in which what is waited for may have come."""
        now = time.monotonic()
        if now >= self._say_at:
            gone = now - self._began
            more = f"{gone:.0f} of at most {self._seconds:.0f} s" if gone >= 1 else f"its log is {self._log}"
            LOG.info("waiting for %s; %s", self._what, more)
            self._say_at = now + SAY_SECONDS
        time.sleep(POLL_SECONDS)
        return now - self._began < self._seconds


def _end(server: StartedServer) -> None:
    """The port stays on record for the next start."""
    if not processes.end(server, STOP_SECONDS):
        raise ServerError(f"the prefect server, process {server.pid}, does not end")
    state_path().write_text(json.dumps({"port": server.port}))


if __name__ == "__main__":
    make_database()
