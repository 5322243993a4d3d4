"""`sync` and `migrate --redrive` as they are typed, on real databases: what they do, print and leave behind."""

import json
import threading
from pathlib import Path

import psycopg
import pytest

from engine.gates import approval
from engine.session import stop
from flows.cli.main import main

SOURCE = """
    create table users (id uuid primary key, email text);
    insert into users select ('00000000-0000-0000-0000-0000000000' || n)::uuid, 'u' || n || '@example.com'
    from generate_series(10, 39) n;
    create table jobs (id uuid primary key, user_id uuid, title text);
    insert into jobs select ('10000000-0000-0000-0000-0000000000' || n)::uuid,
        ('00000000-0000-0000-0000-0000000000' || n)::uuid, 'job ' || n from generate_series(10, 19) n;
"""
NEW = "insert into users values ('00000000-0000-0000-0000-000000000099', 'new@example.com')"


@pytest.fixture
def place(database, monkeypatch, tmp_path):
    """Sessions on a source and a target that the commands have in their environment."""
    source, target = database(), database()
    environ = {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target, "NXTGAUGE_REPORTS": str(tmp_path)}
    for name, value in (environ | {"PREFECT_API_URL": "http://127.0.0.1:9/api", "NXTGAUGE_PROFILE": "demo"}).items():
        monkeypatch.setenv(name, value)
    with psycopg.connect(source, autocommit=True) as here, psycopg.connect(target, autocommit=True) as there:
        here.execute(SOURCE)
        yield here, there


GATE = """
    insert into migration.gates (run_id, build_oid, check_name, kind, severity, state, detail)
    select run_id, schema_oid, %s, %s, 'critical', %s, '' from migration.schemas
    where role = 'build' and kind = 'product'
"""
STATES = "select state from migration.gates where check_name = %s"


def emails(conn, schema: str = "nxtgauge__build") -> int:
    return conn.execute(f"select count(email) from {schema}.users").fetchone()[0]


def test_a_build_is_made_follows_is_gone_on_with_and_is_given_up(place, capsys):
    source, target = place
    assert main(["sync", "--rounds", "2", "--every", "100ms", "--json"]) == 0
    said = capsys.readouterr()
    made = json.loads(said.out)
    run_id = made["run_id"]
    assert (made["kind"], made["headline"]["word"], made["headline"]["tone"]) == ("sync", "THE BUILD FOLLOWS", "good")
    assert said.err.count("rows read") == 2 and emails(target) == 30
    assert made["verification"]["level"] == "full" and made["passed"] is True

    assert target.execute(GATE, ["approval", "approval", "passed"]).rowcount == 1
    source.execute(NEW)
    source.execute(
        "delete from users where email = 'u39@example.com'; update jobs set title = 'x' where title = 'job 10'"
    )
    assert main(["sync"]) == 0
    said = capsys.readouterr()
    assert "THE BUILD FOLLOWS" in said.out and f"nxtgauge-migrate cutover --run {run_id}" in said.out
    # each user has one row of settings, too
    assert "2 inserted, 1 updated, 2 deleted" in said.out and emails(target) == 30
    assert target.execute(STATES, ["approval"]).fetchall() == []  # who has approved is asked again

    assert main(["status"]) == 0
    told = capsys.readouterr().out
    assert f"{run_id}  migration  open" in told and "it follows its source: round" in told and "sync --abort" in told

    assert main(["sync", "--abort", "--yes", "--run", run_id]) == 0
    assert f"run {run_id} is given up" in capsys.readouterr().out
    assert target.execute("select count(*) from pg_namespace where nspname like 'nxtgauge%'").fetchone() == (0,)
    assert main(["sync", "--abort", "--yes"]) == 2


def test_one_that_goes_on_until_it_is_stopped_ends_well_with_its_report(place, capsys, monkeypatch):
    """Whatever it is at: here it asks the books, before its third round."""
    _, target = place
    withdraw, asked = approval.withdraw, []

    def stopped_at_the_third(conn, *of):
        asked.append(of)
        if len(asked) == 3:
            stop.STOP.set()
            conn.execute("select pg_sleep(60)")
        withdraw(conn, *of)

    monkeypatch.setattr(approval, "withdraw", stopped_at_the_third)
    try:
        assert main(["sync", "--until-stopped", "--every", "100ms"]) == 0
    finally:  # for the tests that follow in this process: whoever cancels has seen that nothing is left to be
        for thread in threading.enumerate():
            if thread.name == "cancel":
                thread.join()
        stop.STOP._is_set = False
    said = capsys.readouterr()
    assert "THE BUILD FOLLOWS" in said.out and said.err.count("rows read") == 2
    assert emails(target) == 30


REJECTED = """
    create table developer_profiles (id uuid primary key, user_id uuid not null, status text);
    insert into developer_profiles select ('20000000-0000-0000-0000-' || right(id::text, 12))::uuid, id, 'odd'
    from users order by id limit 1;
"""
MENDED = "update developer_profiles set status = 'approved'"


@pytest.fixture
def strict(place, monkeypatch, tmp_path):
    """The same, under a profile that tolerates no rejected row, and there is one."""
    profile = tmp_path / "strict.toml"
    profile.write_text("default_tolerance = 0\n")
    monkeypatch.setenv("NXTGAUGE_PROFILE", str(profile))
    place[0].execute(REJECTED)
    return place


def test_a_closed_gate_is_reported_and_a_row_that_is_mended_comes_along_in_the_next_round(strict, capsys):
    source, target = strict
    assert main(["sync", "--json"]) == 6
    error = json.loads(capsys.readouterr().out)["error"]
    told = json.loads(Path(next(path for path in error["reports"] if path.endswith("report.json"))).read_text())
    assert (told["kind"], told["headline"]["word"]) == ("sync", "THE BUILD DOES NOT FOLLOW")
    assert "tolerance/unknown_status" in [check["name"] for check in told["checks"] if check["closes"]]
    source.execute(MENDED)
    assert main(["sync"]) == 0
    assert target.execute("select count(*) from nxtgauge__build.developer_profiles").fetchone() == (1,)


def test_a_redrive_brings_mended_rows_in_and_goes_on_to_the_publish(strict, capsys):
    source, target = strict
    assert main(["migrate", "--json"]) == 6
    run_id = target.execute("select run_id from migration.runs").fetchone()[0]
    found_before = "books/notes/developer_profiles"  # of which nobody asks any more
    assert target.execute(GATE, [found_before, "books", "failed"]).rowcount == 1
    source.execute(MENDED)
    capsys.readouterr()
    assert main(["migrate", "--redrive", run_id]) == 0
    assert capsys.readouterr().out.startswith("PUBLISHED")
    assert target.execute("select count(*) from nxtgauge.developer_profiles").fetchone() == (1,)
    assert target.execute("select count(*) from migration.runs").fetchone() == (1,)
    assert target.execute(STATES, [found_before]).fetchall() == [("passed",)]
