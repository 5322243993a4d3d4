"""One dry-run of this project in a process of its own: `python -m tests.benchmarks.build URL URL POSTMASTER [HOW]`.

Prints one JSON object: the run's id, the seconds that the engine took, and what each stage took of everything.
"""

import argparse
import contextlib
import json
import resource
import sys
import time
from dataclasses import replace

import psycopg

from config import settings as configuration
from engine.run import migrate
from engine.session.execution import Silent
from engine.start.options import Options
from tests.benchmarks.lanes import FIGURES, OneByOne, Reading
from tests.benchmarks.measuring import meters

HELP = "full: with verification; published: and no dry-run; lanes: without, each chunk by itself"


class Marks(Silent):
    """A Watch that reads the meters whenever a stage begins."""

    def __init__(self, conn: psycopg.Connection, postmaster: int):
        self._conn, self._postmaster = conn, postmaster
        self._stage: str | None = None
        self._last = self.read()
        self.stages: dict[str, dict[str, float]] = {}

    def stage(self, name: str) -> None:
        self.close()
        self._stage = name

    def close(self) -> None:
        """The stage under way has ended."""
        now = self.read()
        if self._stage is not None:
            sums = self.stages.setdefault(self._stage, dict.fromkeys(FIGURES, 0.0))
            for name, before, after in zip(FIGURES, self._last, now, strict=True):
                sums[name] += after - before
        self._stage, self._last = None, now

    def read(self) -> Reading:
        """What has been taken so far, in the order of FIGURES."""
        (wal,) = self._conn.execute(meters.WAL).fetchone() or (0,)
        cpu = meters.server_cpu_seconds(self._postmaster)
        return time.monotonic(), client_cpu_seconds(), cpu, wal


def client_cpu_seconds() -> float:
    """CPU of this process and of those that it started and that have ended."""
    used = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("postmaster", type=int)
    parser.add_argument("how", nargs="?", choices=("full", "published", "lanes"), help=HELP)
    given = parser.parse_args()
    environ = {"NXTGAUGE_SOURCE_URL": given.source, "NXTGAUGE_TARGET_URL": given.target}
    json.dump(_built(configuration.load("demo", environ), given), sys.stdout)


def _built(settings: configuration.Settings, given: argparse.Namespace) -> dict[str, object]:
    from flows.runs import suites
    from flows.runs.work import auditor

    is_judged = given.how in ("full", "published")
    with psycopg.connect(given.target, autocommit=True) as conn, contextlib.ExitStack() as stack:
        marks, started = Marks(conn, given.postmaster), time.monotonic()
        asked = Options(dry_run=given.how != "published", watch=marks)
        if is_judged:
            asked = replace(asked, auditor=auditor(settings, child=stack.enter_context(suites.beside())))
        workers = OneByOne(settings.workers, marks.read)
        if given.how == "lanes":
            asked = replace(asked, workers=workers, begun=workers.begun)
        summary = migrate(settings, asked)
        marks.close()
    found = {"run_id": summary.run_id, "engine_seconds": time.monotonic() - started, "stages": marks.stages}
    return found | ({"lanes": workers.routes} if given.how == "lanes" else {})


if __name__ == "__main__":
    main()
