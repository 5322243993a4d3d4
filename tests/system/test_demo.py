"""The demo from the first run to the last: what `make demo` does, at a small size."""

import json
import re
import subprocess
import urllib.request
from pathlib import Path

import psycopg
import pytest

from config.mapping import load

ROWS = "4000"


@pytest.fixture(scope="module")
def first(home) -> dict:
    """A first run on a machine that has nothing yet, with an environment that names other databases and servers."""
    elsewhere = "postgresql://bob:sw0rdfish@192.0.2.1/none"
    home.run("server", "stop")  # one that other tests have started for good would stay when the demo stops
    return home.result(
        "demo",
        "--rows",
        ROWS,
        NXTGAUGE_SOURCE_URL=elsewhere,
        NXTGAUGE_TARGET_URL=elsewhere,
        NXTGAUGE_TARGET_SCHEMA="elsewhere",
        PREFECT_API_URL="http://192.0.2.1/api",
    )


@pytest.fixture(scope="module")
def second(home, first) -> subprocess.CompletedProcess:
    """The same once more, as text."""
    done = home.run("demo", "--rows", ROWS)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def target(first):
    with psycopg.connect(first["look"]["target"]) as connection:
        yield connection


@pytest.fixture
def databases(first) -> dict[str, str]:
    return {"NXTGAUGE_SOURCE_URL": first["look"]["source"], "NXTGAUGE_TARGET_URL": first["look"]["target"]}


def _prefect(first, path: str, body: dict | None = None) -> list | dict:
    api = first["prefect"].split("/runs/")[0] + "/api"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(api + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def _flow_run(first) -> str:
    return first["prefect"].rsplit("/", 1)[1]


def test_every_legacy_table_is_accounted_for(first):
    tables = {row["legacy_table"]: row for row in first["tables"]}
    assert set(load().tables) <= set(tables)
    for name, row in tables.items():
        outcomes = row["loaded"] + row["merged"] + row["rejected"] + row["archived"]
        assert row["source_rows"] == outcomes and row["balanced"], name
    assert 0.5 * int(ROWS) < sum(row["source_rows"] for row in tables.values()) < 2 * int(ROWS)


def test_every_rejected_row_has_a_reason(first):
    rejected = sum(row["rejected"] for row in first["tables"])
    assert rejected == sum(row["rows"] for row in first["rejects"]) > 0
    assert all(row["reason"] for row in first["rejects"])


def test_the_schema_is_published(first, target):
    assert first["state"] == "published"
    users = next(row for row in first["tables"] if row["legacy_table"] == "users")
    assert target.execute("select count(*) from nxtgauge.users").fetchone()[0] == users["loaded"]
    assert target.execute("select to_regnamespace('nxtgauge__build')").fetchone()[0] is None


def test_reports_are_written(home, first):
    paths = {Path(path).name: home.folder / path for path in first["reports"]}
    assert json.loads(paths["report.json"].read_text())["tables"] == first["tables"]
    assert "| users |" in paths["report.md"].read_text()
    assert all(path.stat().st_size for path in paths.values()) and len(paths) == 4


def test_a_second_run_publishes_over_the_first(second, target):
    schemas = {row[0] for row in target.execute("select nspname from pg_namespace")}
    assert {"nxtgauge", "nxtgauge__previous"} <= schemas
    rows = target.execute("select count(*), bool_and(balanced) from migration.balance").fetchone()
    assert rows[0] >= 2 * len(load().tables) and rows[1]


def test_the_text_is_short_and_says_where_to_look(home, first, second):
    assert len(second.stdout.splitlines()) < 25 and first["prefect"].split("/runs/")[0] in second.stdout
    assert all(len(line) <= 100 for line in second.stdout.split("next:")[0].splitlines() if "/" not in line)
    report = Path(re.search(r"report: +(\S+)", second.stdout)[1])
    assert report.name == "report.html" and report.is_file()
    program, query = first["look"]["psql"], first["look"]["query"]
    done = subprocess.run(program, input=query, shell=True, cwd=home.folder, capture_output=True, text=True)
    assert done.returncode == 0 and "users" in done.stdout, done.stderr


def test_what_it_says_to_type_next_works_as_it_stands(home, second):
    commands = re.findall(r"^  (\S+ --profile demo .*?)  +# ", second.stdout, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        done = subprocess.run(
            command, shell=True, cwd=home.folder, env=home.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert "the demo's own databases" in done.stderr


def test_details_go_to_its_log(second):
    log = Path(re.search(r"log: +(\S+)", second.stdout)[1])
    assert "stage" in log.read_text() and str(log) in second.stderr
    assert "stage" not in second.stderr and len(second.stderr.splitlines()) < 5


def test_the_run_stands_in_prefect_as_completed_with_its_tasks(first):
    run = _prefect(first, f"/flow_runs/{_flow_run(first)}")
    assert run["state_type"] == "COMPLETED"
    left_out = {
        "run_id": "",
        "dry_run": False,
        "certificate": "",
        "resume": True,
        "approve": False,
        "verify_anyway": False,
    }
    assert run["parameters"] == {"profile": "demo"} | left_out
    condition = {"flow_runs": {"id": {"any_": [_flow_run(first)]}}, "limit": 200}
    tasks = _prefect(first, "/task_runs/filter", condition)
    assert len(tasks) > len(load().tables) / 2
    assert {task["state_type"] for task in tasks} == {"COMPLETED"}


def test_prefect_holds_the_report_and_no_connection(first):
    artifacts = json.dumps(_prefect(first, "/artifacts/filter", {}))
    assert "users" in artifacts
    condition = {"logs": {"flow_run_id": {"any_": [_flow_run(first)]}}, "sort": "TIMESTAMP_DESC"}
    logs = json.dumps(_prefect(first, "/logs/filter", condition))
    assert first["artifact"] in logs
    runs = json.dumps(_prefect(first, "/flow_runs/filter", {}))
    assert "postgresql://" not in artifacts + logs + runs


def test_other_commands_work_on_what_the_demo_made(home, second, databases):
    assert len(home.result("status", **databases)["runs"]) >= 2
    assert home.result("explain", "coupon_uses", **databases)
    assert "error" not in home.result("--profile", "demo", "plan", **databases)


def test_a_run_that_fails_ends_failed_in_prefect_and_leaves_no_error_in_its_storage(home, first, databases):
    nowhere = "postgresql://bob:sw0rdfish@127.0.0.1:1/none"
    done = home.run("migrate", "--json", **databases | {"NXTGAUGE_TARGET_URL": nowhere})
    assert done.returncode == 5, done.stderr
    assert json.loads(done.stdout)["error"]["exit_code"] == 5
    run = _prefect(first, "/flow_runs/filter", {"sort": "START_TIME_DESC", "limit": 1})[0]
    assert run["state_type"] == "FAILED"
    assert "sw0rdfish" not in done.stdout + done.stderr + json.dumps(run)
    assert not [path for path in home.folder.rglob("prefect/storage/*") if path.is_file()]


def test_rollback_puts_back_what_stood_before(home, second, databases, target):
    before = target.execute("select to_regnamespace('nxtgauge__previous')::oid").fetchone()[0]
    target.rollback()
    home.result("rollback", "--yes", **databases)
    assert target.execute("select to_regnamespace('nxtgauge')::oid").fetchone()[0] == before
    assert target.execute("select to_regnamespace('nxtgauge__withdrawn')").fetchone()[0]


def test_at_the_end_its_servers_are_stopped(home, second):
    """Last in this file: the others need them."""
    assert home.result("demo", "--stop") == {"postgres": "stopped", "prefect": "stopped"}
    assert home.result("demo", "--status") == {"postgres": "not running", "prefect": "not running"}
    assert home.result("demo", "--stop") == {"postgres": "was not running", "prefect": "was not running"}
    assert not list(home.folder.rglob("postmaster.pid"))
    home.run("demo", "--remove")
    home.run("server", "stop", "--remove")
    assert list(home.folder.rglob("nxtgauge-migrate-*")) == []
