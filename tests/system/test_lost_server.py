"""A Prefect server that is lost takes nothing with it: not even a run that waits for a person."""

import subprocess

import psycopg
import pytest

from tests.support.patience import allowed
from tests.system.machines import PROGRAM, Home, await_approval, machine

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


def _state(home: Home, environ: dict[str, str]) -> str:
    return home.result("status", **environ)["runs"][0]["state"]


def test_a_run_that_waits_for_approval_outlives_it(own, environ):
    own.result("server", "start", "--bare")
    command = [PROGRAM, "migrate", "--profile", "demo", "--approve"]
    run = subprocess.Popen(
        command, cwd=own.folder, env=own.environment | environ, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        run_id = await_approval(environ["NXTGAUGE_TARGET_URL"], SECONDS, lambda: run.poll() is None)
        assert _state(own, environ) == "awaiting"
        own.run("server", "stop")
        own.result("approve", run_id, "--by", "Asha Rao", **environ)
        said = run.communicate(timeout=allowed(SECONDS))[1]
        assert run.returncode == 0, said[-3000:]
    finally:
        run.kill()
    assert _state(own, environ) == "published"
    assert "running as a Prefect flow" in said
