"""What a person waits for: the help, the list of runs, an empty legacy database published, the demo from nothing.

Each is a process of the program itself; only its time is told.
"""

import os
import sys
from pathlib import Path

from tests.benchmarks.contenders.contender import PROJECT, PUBLISHED, TARGET, Contender, Details, Place, call

PROGRAM = str(Path(sys.executable).with_name("nxtgauge-migrate"))
EMPTY = "empty"
NOBODY = "http://127.0.0.1:9/api"  # the discard port: no Prefect server, whatever runs on this machine
DEMO_ROWS = 100_000
REFERENCE = PROJECT / "config" / "legacy" / "reference.sql"


def help_text(place: Place) -> Details:
    call(PROGRAM, "--help")
    return {}


def status(place: Place) -> Details:
    call(PROGRAM, "status", environ=environ(place, PUBLISHED, PUBLISHED))
    return {}


def make_empty(place: Place) -> None:
    """The legacy tables with all that constrains them, and no row."""
    place.server.create(EMPTY)
    call(place.server.program("psql"), "-qX1f", str(REFERENCE), place.server.url(EMPTY))


def publish_empty(place: Place) -> Details:
    call(PROGRAM, "--profile", "demo", "migrate", environ=environ(place, EMPTY, TARGET))
    return {}


def drop_empty(place: Place) -> Details:
    place.server.drop(EMPTY)
    return {}


def demo(place: Place) -> Details:
    call(PROGRAM, "demo", "--rows", str(DEMO_ROWS), environ=_elsewhere(place))
    return {}


def remove_demo(place: Place) -> Details:
    call(PROGRAM, "demo", "--remove", environ=_elsewhere(place))
    return {}


def environ(place: Place, source: str, target: str) -> dict[str, str]:
    urls = {"NXTGAUGE_SOURCE_URL": place.server.url(source), "NXTGAUGE_TARGET_URL": place.server.url(target)}
    return _elsewhere(place) | urls | {"PREFECT_API_URL": NOBODY}


def _elsewhere(place: Place) -> dict[str, str]:
    """This environment without connections of its own, and with folders that the demo of nobody else uses."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NXTGAUGE_", "PREFECT_"))}
    folders = {"TMPDIR": place.server.folder / "demo", "XDG_CACHE_HOME": place.server.folder / "cache"}
    for folder in folders.values():
        folder.mkdir(exist_ok=True)
    reports = place.server.folder / "reports"
    return kept | {name: str(folder) for name, folder in folders.items()} | {"NXTGAUGE_REPORTS": str(reports)}


CONTENDERS = (
    Contender("help", "nxtgauge-migrate --help", help_text, is_command=True),
    Contender("status", "nxtgauge-migrate status", status, is_command=True),
    Contender("empty", "an empty legacy database to published", publish_empty, make_empty, drop_empty, is_command=True),
    Contender("demo", f"make demo, {DEMO_ROWS:,} rows", demo, after=remove_demo, is_command=True),
)
