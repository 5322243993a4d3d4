"""The demo from start to end: start servers, fill a legacy database, migrate through Prefect, keep where to look.

Laws
- It works first, alone, and again: what is there already is used, a second run publishes over the first.
- The legacy database is filled anew only if it does not hold what was asked for.
- It touches no database but its own, whatever the environment names.
- All that it makes stands in its folder: databases, reports, and the log, which has the details. Prefect's server has
  its own, and a server that somebody has started for good is used, and left running.
"""

import hashlib
import logging
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from config import origins
from config.settings import CONNECTIONS, VARIABLES
from flows.demo import databases, postgres
from flows.demo.databases import LEGACY, PROFILE, TARGET
from flows.local import prefect_server
from flows.local.places import PROJECT, demo_folder
from flows.local.progress import lines, shown

LOG = logging.getLogger("nxtgauge.demo")  # its few lines reach the terminal, all others the log file
KEPT = "left running; it was started for good (server stop ends it)"
LEGACY_FILES = PROJECT / "config" / "legacy"
DEFAULT_ROWS = 100_000
DEFAULT_SEED = 7


def run(rows: int = DEFAULT_ROWS, seed: int = DEFAULT_SEED) -> dict[str, Any]:
    """Runs the demo; the run's summary, with where to look as `look`."""
    LOG.info("starting PostgreSQL and a Prefect server (some seconds, the first time more)")
    server = prefect_server.begin(for_demo=True)  # which comes up meanwhile
    admin = postgres.start()
    _fill(admin, rows, seed)
    if TARGET not in postgres.databases(admin):
        postgres.create(admin, TARGET)
    hidden_by = [VARIABLES[key] for key in CONNECTIONS if os.environ.get(VARIABLES[key])]
    _use_own(server)
    summary = _migrate(server)
    return summary | {"look": _look(summary) | {"hidden_by": hidden_by}}


def log_path() -> Path:
    return demo_folder() / "demo.log"


def stop() -> dict[str, Any]:
    """Stops what the demo started, and says what it found."""
    ended = {"postgres": postgres.stop(), "prefect": prefect_server.stop(only_demos=True)}
    told = {name: "stopped" if was_running else "was not running" for name, was_running in ended.items()}
    return told | ({"prefect": KEPT} if prefect_server.running() else {})


def remove() -> dict[str, Any]:
    """Stops the servers and removes all that stands in the demo's folder."""
    stopped = stop()
    shutil.rmtree(demo_folder(), ignore_errors=True)
    return stopped | {"databases": "removed"}


def status() -> dict[str, Any]:
    """Whether the demo's two servers run."""
    found = {"postgres": postgres.is_running(), "prefect": prefect_server.running() is not None}
    return {name: "running" if is_running else "not running" for name, is_running in found.items()}


def _fill(admin: str, rows: int, seed: int) -> None:
    wanted = f"rows {rows}, seed {seed}, {_fingerprint()}"
    if postgres.databases(admin).get(LEGACY) == wanted:
        LOG.info("the legacy database holds its %s rows already", f"{rows:,}")
        return
    LOG.info("filling a legacy database with some %s rows (seed %s)", f"{rows:,}", seed)
    from flows.demo.seed import seed as fill

    postgres.create(admin, LEGACY)
    fill(postgres.url(LEGACY), rows, seed, "public")
    postgres.label(admin, LEGACY, wanted)  # last: a filling that broke off is none


def _fingerprint() -> str:
    """Of all that fills the database, so that a newer version of it fills it anew."""
    sources = [*sorted(Path(__file__).parent.glob("*.py")), *sorted(LEGACY_FILES.rglob("*"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources if path.is_file()))
    return digest.hexdigest()[:12]


def _use_own(own: prefect_server.StartedServer) -> None:
    """This process's Prefect and databases are the demo's, whatever its environment said."""
    os.environ.pop("PREFECT_API_URL", None)
    prefect_server.use(own.api_url)
    for variable in (*VARIABLES.values(), *origins.VARIABLES.values()):
        os.environ.pop(variable, None)
    databases.use()


def _migrate(server: prefect_server.StartedServer) -> dict[str, Any]:
    from flows.runs import suites

    suites.begin()
    from flows.runs import calls
    from flows.runs.migrate import migrate

    prefect_server.wait(server)
    LOG.info("migrating; the details go to %s", log_path())
    with shown() as watch:
        if sys.stderr.isatty():  # the log file has the details in any case
            watch = watch.with_display(lines(watch.estimate))
        return calls.run(migrate, watch, profile=PROFILE)


def _look(summary: dict[str, Any]) -> dict[str, Any]:
    reports = summary["reports"]
    return {
        "report": next((path for path in reports if path.endswith(".html")), "none was written"),
        "log": str(log_path()),
        "psql": f"{_short(postgres.psql())} '{postgres.url(TARGET)}'",
        "query": f"select * from migration.balance where run_id = '{summary['run_id']}';",
        "source": postgres.url(LEGACY),
        "target": postgres.url(TARGET),
        "prefect": summary["prefect"],
    }


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
