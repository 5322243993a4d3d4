"""A copy that meets what passes by itself is made anew, by itself; what a killed one left is swept by the next."""

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from config.errors import SourceError, TargetBusy
from engine import staging
from flows.local import processes
from tests.support.copies import AS_IT_IS, ask, do, settings
from tests.support.places import PROJECT
from tests.support.watches import Striking

OURS = "application_name = 'nxtgauge-migrate' and datname = current_database()"
END = f"select pg_terminate_backend(pid, 5000) from pg_stat_activity where {OURS}"


@pytest.fixture(scope="module")
def source(module_database) -> str:
    url = module_database()
    do(url, "create table users (id integer primary key, name text unique)")
    do(url, "insert into users select g, concat('n', g) from generate_series(1, 500) g")
    return url


@pytest.mark.parametrize(
    ("stage", "side"), [("define", "source"), ("rows", "source"), ("rows", "copy"), ("constrain", "copy")]
)
def test_a_copy_whose_sessions_are_ended_is_made_anew(source, database, stage, side):
    copy = database()
    watch = Striking(stage, lambda: ask({"source": source, "copy": copy}[side], END))
    told = staging.refresh(settings(source, copy), AS_IT_IS, None, watch)
    assert told["state"] == "copied" and ask(copy, "select count(*) from users") == [(500,)]
    assert len([text for text in watch.messages if "begins anew in 1 s, by itself" in text]) == 1
    states = ask(copy, "select state, count(*) from nxtgauge_staging.copies group by 1 order by 1")
    assert states == [("copied", 1), ("failed", 1)]
    assert not ask(copy, f"select from pg_stat_activity where {OURS}")


def test_a_copy_that_lost_everything_gives_way_to_who_has_begun_one_meanwhile(source, database):
    copy, theirs = database(), []

    def taken() -> None:
        ask(copy, END)
        theirs.append(staging.refresh(settings(source, copy), AS_IT_IS, None)["copy_id"])

    with pytest.raises(TargetBusy, match=r"copy .* has begun in this staging database, and copy .* gives way"):
        staging.refresh(settings(source, copy), AS_IT_IS, None, Striking("rows", taken))
    assert ask(copy, "select copy_id from nxtgauge_staging.copies where state = 'copied'") == [(theirs[0],)]
    assert ask(copy, "select count(*) from users") == [(500,)]


def test_nothing_is_tried_again_before_a_copy_has_begun(database):
    watch, gone = Striking("", None), settings("postgresql://nobody@127.0.0.1:9/none", database())
    with pytest.raises(SourceError, match="no connection"):
        staging.refresh(gone, AS_IT_IS, None, watch)
    assert not watch.messages


def test_what_a_killed_one_left_is_swept_by_the_next_and_a_living_ones_stays(source, database, tmp_path, monkeypatch):
    code = """
import time
from engine.staging import programs
with programs.folder() as folder:
    print(folder, flush=True)
    time.sleep(60)
"""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "nxtgauge-stage-others").mkdir()
    living, dead = (
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=PROJECT) for _ in range(2)
    )
    with living, dead:
        folders = [Path(process.stdout.readline().strip()) for process in (living, dead)]
        dead.send_signal(signal.SIGKILL)
        dead.wait()
        staging.refresh(settings(source, database()), AS_IT_IS, None)
        assert [folder.exists() for folder in folders] == [True, False]
        living.kill()
    assert {path.name for path in tmp_path.glob("nxtgauge-stage-*")} == {folders[0].name, "nxtgauge-stage-others"}


def test_a_program_ends_with_the_process_that_began_it(source, database):
    code = f"""
from config.postgres.connection import parse
from engine.session.stop import Stop
from engine.staging import programs
programs.run("pg_dump", [], Stop(), parse({source!r}, "NXTGAUGE_SOURCE_URL"))
"""
    waiting = "select from pg_locks where relation = 'users'::regclass and not granted"
    with psycopg.connect(source) as holder, subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT) as process:
        holder.execute("lock table users")
        while not ask(source, waiting):
            assert process.poll() is None
            time.sleep(0.05)
        (program,) = psutil.Process(process.pid).children()
        assert program.name() == "pg_dump"
        process.kill()
        deadline = time.monotonic() + 2
        while processes.started(program.pid) and time.monotonic() < deadline:  # nobody may be there to collect a zombie
            time.sleep(0.05)
        assert not processes.started(program.pid)
