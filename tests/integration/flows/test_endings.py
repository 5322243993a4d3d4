"""How commands end: with 130 after a signal, whatever they are at; with the side's code where it does not come back."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest

from config import settings as configuration
from config.errors import TargetError
from engine.run import migrate
from engine.start.options import Options
from flows.local import report
from flows.runs import work
from tests.histories.databases import filling
from tests.support.auditors import trusting
from tests.support.patience import allowed
from tests.support.places import PROJECT

WAITING = "select from pg_locks where not granted and database = (select oid from pg_database where datname = %s)"
LEFT = "select state from pg_stat_activity where application_name = 'nxtgauge-migrate' and datname = %s"


@pytest.fixture(scope="module")
def urls(module_database) -> dict[str, str]:
    """A legacy database, and a target into which it was migrated."""
    urls = {f"NXTGAUGE_{name}_URL": module_database() for name in ("SOURCE", "TARGET", "STAGING")}
    filling.sample(urls["NXTGAUGE_SOURCE_URL"], rows=2_000)
    migrate(configuration.load("demo", urls), Options(auditor=trusting))
    return urls


def command(urls: dict[str, str], *arguments: str, **more: str) -> subprocess.Popen:
    given = {name: value for name, value in os.environ.items() if not name.startswith(("NXTGAUGE", "PREFECT"))}
    given |= urls | more | {"PREFECT_API_URL": "http://127.0.0.1:9/api"}
    program = [str(Path(sys.executable).parent / "nxtgauge-migrate"), *arguments]
    return subprocess.Popen(program, env=given, cwd=PROJECT, stderr=subprocess.PIPE, text=True)


def wait_until(process: subprocess.Popen, is_so) -> None:
    deadline = time.monotonic() + allowed(60)
    while not is_so():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("arguments", "side", "locked"),
    [
        (["verify"], "TARGET", "nxtgauge.users"),
        (["rollback", "--to-nothing", "--yes"], "TARGET", "nxtgauge.users"),
        (["stage", "--unmasked", "--reason", "a test", "--by", "a test"], "SOURCE", "public.users"),
    ],
)
def test_a_signal_stops_a_command_that_waits_within_two_seconds(urls, tmp_path, arguments, side, locked):
    url = urls[f"NXTGAUGE_{side}_URL"]
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as conn:
        holder.execute(f"lock table {locked} in access exclusive mode")
        with command(urls, *arguments, TMPDIR=str(tmp_path)) as process:
            wait_until(process, lambda: conn.execute(WAITING, [name]).fetchone() is not None)
            started = time.monotonic()
            process.send_signal(signal.SIGTERM)
            code = process.wait(allowed(20))
            assert (code, time.monotonic() - started < allowed(2)) == (130, True), process.stderr.read()
        assert not conn.execute(LEFT, [name]).fetchall()
    assert not list(tmp_path.glob("nxtgauge-stage-*"))


def test_another_signal_ends_it_with_the_same_code_whenever_it_comes(urls):
    """It is deaf to what stops it: its server is stopped, so that nothing of it can end."""
    url = urls["NXTGAUGE_TARGET_URL"]
    with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as conn:
        holder.execute("lock table nxtgauge.users in access exclusive mode")
        with command(urls, "rollback", "--to-nothing", "--yes") as process:
            wait_until(process, lambda: conn.execute(WAITING, [conn.info.dbname]).fetchone() is not None)
            for _ in range(100):  # from the request until the process is gone
                process.send_signal(signal.SIGTERM)
                time.sleep(0.03)
                if process.poll() is not None:
                    break
            assert process.wait(allowed(20)) == 130, process.stderr.read()


class TestVerify:
    """One whose sessions are ended begins anew, and gives up soon where it cannot."""

    @pytest.fixture
    def striking(self, urls):
        """Ends our sessions on the target once there are some; what else is asked of an administrator then."""

        def strike(*more: str) -> None:
            ours = "from pg_stat_activity where application_name = 'nxtgauge-migrate' and datname = %s"
            name = psycopg.conninfo.conninfo_to_dict(urls["NXTGAUGE_TARGET_URL"])["dbname"]
            with psycopg.connect(urls["NXTGAUGE_SOURCE_URL"], autocommit=True) as conn:
                while len(conn.execute(f"select {ours}", [name]).fetchall()) < 3:
                    time.sleep(0.01)
                for statement in more:
                    conn.execute(statement)
                conn.execute(f"select pg_terminate_backend(pid) {ours}", [name])

        return lambda *more: threading.Thread(target=strike, args=more, daemon=True).start()

    @pytest.fixture
    def settings(self, urls, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)  # reports go there
        return configuration.load("demo", urls)

    def test_it_begins_anew(self, settings, striking, caplog):
        striking()
        assert report.exit_code(work.verify(settings, level="content"), is_strict=False) == 8
        assert caplog.text.count("it begins anew") == 1

    def test_what_does_not_come_back_is_told_soon(self, settings, striking, urls, monkeypatch):
        monkeypatch.setattr(work, "VERIFY_SECONDS", 1.0)
        name = psycopg.conninfo.conninfo_to_dict(urls["NXTGAUGE_TARGET_URL"])["dbname"]
        striking(f"alter database {name} allow_connections false")
        started = time.monotonic()
        try:
            with pytest.raises(TargetError, match="target"):
                work.verify(settings, level="content")
        finally:
            with psycopg.connect(urls["NXTGAUGE_SOURCE_URL"], autocommit=True) as conn:
                conn.execute(f"alter database {name} allow_connections true")
        assert time.monotonic() - started < allowed(10)
