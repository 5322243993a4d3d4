"""Chunks on a Dask cluster: a scheduler and three workers, processes as a person starts them, and a Prefect server.

The workers have the databases in their environment, and nothing else of the run.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dask
import distributed
import psycopg
import pytest
from prefect import flow
from prefect.logging.handlers import APILogHandler
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.task_runners import ThreadPoolTaskRunner

from config import settings as configuration
from config.errors import SourceError, TargetError
from engine import run as engine_run
from engine.session.execution import Silent, Threads, Watch
from engine.start.options import Options
from flows.runs import calls, cluster
from tests.histories.databases import filling
from tests.support.auditors import trusting

ROOT = Path(__file__).parents[2]
PATH = os.pathsep.join(map(str, (ROOT, *map(Path, sys.path))))  # as this process finds the program and this module
SITE = ROOT / "tests" / "support" / "failpoints" / "site"  # arms whoever has it on the path, as his environment says
START_SECONDS = 120
# Nobody is given up because the machine is busy: by default a silence of 30 s is taken for a lost connection.
PATIENT = {"distributed.comm.timeouts.tcp": "300s", "distributed.comm.timeouts.connect": "120s"}
PATIENT_ENVIRONMENT = {f"DASK_{name.replace('.', '__').upper()}": seconds for name, seconds in PATIENT.items()}
ROWS = 3_000
# So small that there is something to hand out.
CHUNKS = {"stream_chunk_bytes": 65_536, "frame_chunk_bytes": 65_536, "workers": 2}
TABLES = """
    select format('%I.%I', schemaname, tablename) from pg_tables
    where schemaname in ('nxtgauge', 'legacy_archive') order by 1
"""
CONTENT = """
    with found as (select replace(t::text, %s, 'then') as line from {} t)
    select count(*), coalesce(md5(string_agg(line, '' order by line collate "C")), '') from found
"""


@pytest.fixture(scope="module")
def source(module_database) -> str:
    url = module_database()
    filling.sample(url, ROWS)
    return url


@pytest.fixture(scope="module")
def api(home):
    url = home.result("server", "start", "--bare")["configured"]
    with temporary_settings({PREFECT_API_URL: url}):
        yield url
        APILogHandler().flush()  # the server is about to go


class Cluster:
    """A scheduler with workers of one thread each, without nannies: a killed worker stays dead.

    strikes: what each of the first workers is struck by, in the middle of a chunk.
    """

    def __init__(self, folder: Path, environment: dict[str, str], strikes: tuple[str, ...] = ()):
        self._folder, self._environment = folder, os.environ | PATIENT_ENVIRONMENT | environment
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
        armed = [*strikes, *[""] * (3 - len(strikes))]
        self.workers = [self._start("worker", self.address, *options, strike=strike) for strike in armed]
        with distributed.Client(self.address, timeout=START_SECONDS) as client:
            client.wait_for_workers(3, timeout=START_SECONDS)

    def _start(self, *command: str, strike: str = "") -> subprocess.Popen:
        more = {"PYTHONPATH": f"{SITE}{os.pathsep}{PATH}", "NXTGAUGE_FAILPOINTS": strike}
        log = (self._folder / f"{command[0]}.log").open("a")
        with log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *command],
                cwd=ROOT, env=self._environment | more, stdout=log, stderr=log,
            )  # fmt: skip

    def stop(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait(10)


@contextlib.contextmanager
def _cluster(folder: Path, settings, *strikes: str) -> Iterator[Cluster]:
    urls = {"NXTGAUGE_SOURCE_URL": settings.source_url, "NXTGAUGE_TARGET_URL": settings.target_url}
    with dask.config.set(PATIENT):
        found = Cluster(folder, {name: url.get_secret_value() for name, url in urls.items()}, strikes)
        try:
            yield found
        finally:
            found.stop()


def _settings(source: str, target: str, **more):
    loaded = configuration.load("demo", {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target})
    return configuration.Settings(**{**loaded.model_dump(), **CHUNKS, **more})


WORK: list[Callable[[Watch | None], dict[str, Any]]] = []  # what the flow does, the last one


@flow(name="test", persist_result=False)
def body():
    return _done()


def _done():
    """The flow travels to the workers with each task, and what it names with it: so this is not written there."""
    return calls.final_state(WORK[-1])


def _on(cluster_of: Cluster, settings, watch: Watch | None = None, **options) -> dict[str, Any]:
    """Runs the engine as the body of a flow, with the cluster's workers."""
    settings = settings.model_copy(update={"task_runner": "dask", "dask_scheduler": cluster_of.address})

    def work(_watch):
        with ThreadPoolTaskRunner(max_workers=2) as local, cluster.connected(local, settings) as workers:
            given = Options(workers=workers, watch=watch or Silent(), auditor=trusting, **options)
            return engine_run.migrate(settings, given).to_dict()

    WORK.append(work)
    return calls.run(body)


def _content(url: str) -> dict[str, tuple[int, str]]:
    """Rows of every table of target and archive, and a hash over them in their own order; the run's instant, which
    stands in times that are nowhere recorded, aside."""
    with psycopg.connect(url) as conn:
        names = [name for (name,) in conn.execute(TABLES)]
        (instant,) = conn.execute("select created_at::text from migration.runs").fetchone()
        return {name: conn.execute(CONTENT.format(name), [instant]).fetchone() for name in names}


class AtChunks(Silent):
    """Does something as soon as so many chunks are done: the actions by that number."""

    def __init__(self, actions: dict[int, Callable[[], object]]):
        self._done, self._actions = 0, actions

    def advance(self, legacy_table: str, rows: int) -> None:
        self._done += 1
        self._actions.get(self._done, lambda: None)()


def test_no_killed_worker_cut_connection_or_failure_costs_a_row(api, source, database, tmp_path):
    """One worker is killed and one is cut off while a chunk is written down and not committed.

    What fails on a worker is the run's own error, of its kind; what was done before is kept when it resumes. A lost
    scheduler is named.
    """
    plain = _settings(source, database())
    engine_run.migrate(plain, Options(workers=Threads(2), auditor=trusting))
    given = _settings(source, database(), retry_seconds=0)
    with _cluster(tmp_path, given, "before_chunk_commit:2:kill", "before_chunk_commit:2:cut") as found:
        strikes = AtChunks({12: lambda: _end_snapshot(given)})
        with pytest.raises(SourceError, match="joining the snapshot"):
            _on(found, given, strikes)
        assert found.workers[0].wait(START_SECONDS) == -signal.SIGKILL
        assert "it is tried again" in (tmp_path / "worker.log").read_text(), "one was cut off"
        run_id, state, done = _run(given)
        assert state == "failed" and done >= 12
        _on(found, given, run_id=run_id)
        assert [worker.poll() for worker in found.workers[1:]] == [None, None]
        assert _content(given.target.conninfo) == _content(plain.target.conninfo)
        with pytest.raises(TargetError, match=r"the Dask scheduler at tcp://127.0.0.1:[0-9]+ was lost"):
            _on(found, given, AtChunks({12: found.scheduler.kill}))


def _run(settings) -> tuple[str, str, int]:
    """The only run, how it stands, and how many of its chunks are done."""
    query = "select run_id, state, (select count(*) from migration.chunks) from migration.runs"
    with psycopg.connect(settings.target.conninfo) as conn:
        [found] = conn.execute(query).fetchall()
        return found


def _end_snapshot(settings) -> None:
    """Ends the session whose snapshot all others have joined: the first of the run's on the source."""
    with psycopg.connect(settings.source.conninfo, autocommit=True) as conn:
        conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
            "and application_name = 'nxtgauge-migrate' order by backend_start limit 1"
        )
