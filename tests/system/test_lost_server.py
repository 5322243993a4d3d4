"""A Prefect server that is lost takes nothing with it: not even a run that waits for a person."""

import subprocess
import time

import psycopg
import pytest

from tests.support.patience import allowed
from tests.system.machines import PROGRAM, Home, machine

SOURCE = """
    create table users (id uuid primary key, name text);
    insert into users select gen_random_uuid(), 'name ' || n from generate_series(1, 9) n;
"""
SECONDS = 240


@pytest.fixture
def own():
    with machine() as found:
        yield found


@pytest.fixture
def environ(database) -> dict[str, str]:
    source, target = database(), database()
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute(SOURCE)
    return {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target}


def _runs(home: Home, environ: dict[str, str]) -> list[dict]:
    return home.result("status", **environ)["runs"]


def test_a_run_that_waits_for_approval_outlives_it(own, environ):
    own.result("server", "start", "--bare")
    command = [PROGRAM, "migrate", "--profile", "demo", "--approve"]
    run = subprocess.Popen(
        command, cwd=own.folder, env=own.environment | environ, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        until = time.monotonic() + allowed(SECONDS)
        while not (found := [each for each in _runs(own, environ) if each["state"] == "awaiting"]):
            assert time.monotonic() < until and run.poll() is None, "the run does not wait for approval"
        own.run("server", "stop")
        own.result("approve", found[0]["run_id"], "--by", "Asha Rao", **environ)
        said = run.communicate(timeout=allowed(SECONDS))[1]
        assert run.returncode == 0, said[-3000:]
    finally:
        run.kill()
    assert _runs(own, environ)[0]["state"] == "published"
    assert "running as a Prefect flow" in said
