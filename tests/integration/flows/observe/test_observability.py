"""What a real migration logs, counts and tells of its lineage, held to the books that it leaves."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from uuid import uuid5

import psycopg
import pytest
from openlineage.client.event_v2 import RunEvent
from psycopg import sql

from config import settings as configuration
from engine import operations
from engine.books import pace
from flows.demo.seed import seed
from flows.local import estimate
from tests.support.observers import free_port, rebuilt, scraped, sums
from tests.support.places import PROJECT
from transforms.steps import NAMESPACE

# The program, whose auditor leaves out the suites: they take most of the time.
PROGRAM = f"""
import sys
sys.path.append({str(PROJECT)!r})
from checks.expectations import runner
from flows.cli import main as cli
from tests.support.auditors import NoSuites
runner.Child = NoSuites
sys.exit(cli.main(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Done:
    """A migration by the program. report: what it printed; log: its lines; events: its lineage."""

    environ: dict[str, str]
    report: dict
    log: list[dict]
    events: list[dict]
    run_id: str

    def ask(self, query: str) -> list[tuple]:
        with psycopg.connect(self.environ["NXTGAUGE_TARGET_URL"]) as conn:
            return conn.execute(query, {"run": self.run_id}).fetchall()


@pytest.fixture(scope="module")
def done(module_database, tmp_path_factory) -> Done:
    """The demo's legacy database, migrated with a whole log in JSON and lineage in a file."""
    folder, source, target = tmp_path_factory.mktemp("run"), module_database(), module_database()
    seed(source, rows=2_000)
    environ = {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target}
    told = {"NXTGAUGE_LOG": "json", "NXTGAUGE_LINEAGE_URL": str(folder / "lineage.jsonl")}
    told |= {"PREFECT_API_URL": f"http://127.0.0.1:{free_port()}/api", "OPENLINEAGE_URL": "http://127.0.0.1:9"}
    command = [sys.executable, "-c", PROGRAM, "migrate", "--profile", "demo", "-v", "--json"]
    ran = subprocess.run(command, cwd=folder, env=os.environ | environ | told, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    events = [json.loads(line) for line in (folder / "lineage.jsonl").read_text().splitlines()]
    log = [json.loads(line) for line in ran.stderr.splitlines()]
    return Done(environ, json.loads(ran.stdout), log, events, next(line["run"] for line in log if "run" in line))


class TestLog:
    def test_every_chunk_begins_and_ends(self, done):
        query = "select route, number, rows_read, rejected, bytes from migration.chunks where run_id = %(run)s"
        chunks = {(route, number): figures for route, number, *figures in done.ask(query)}
        lines = [line for line in done.log if "chunk" in line and line["level"] == "DEBUG"]
        said = {word: [line for line in lines if line["message"].endswith(f" {word}")] for word in ("begins", "ends")}
        names = [re.fullmatch(r"chunk (.*) (\d+) ends", line["message"]).groups() for line in said["ends"]]
        assert {(route, int(number)) for route, number in names} == set(chunks)
        assert len(said["begins"]) == len(said["ends"]) == len(chunks)
        for (route, number), line in zip(names, said["ends"], strict=True):
            assert [line["rows"], line["rejected"], line["bytes"]] == chunks[route, int(number)]
            assert (line["run"], line["chunk"]) == (done.run_id, int(number))
            assert line["table"] == route.split(" → ")[0] and line["stage"].startswith("load, wave")

    def test_every_table_and_stage_begins_and_ends(self, done):
        lines = [line for line in done.log if line["level"] == "INFO"]
        tables = {table for (table,) in done.ask("select legacy_table from migration.tables where run_id = %(run)s")}
        for ending in (r"begins, [\d,]+ rows", r"[\d,]+ rows, done"):
            assert {line["table"] for line in lines if re.search(f": {ending}$", line["message"])} == tables
        stages = [line["stage"] for line in lines if re.fullmatch("stage .*(?<!: done)", line["message"])]
        assert stages == [line["stage"] for line in lines if re.fullmatch("stage .*: done", line["message"])]
        assert stages[0] == "plan" and stages[-1] == "statistics" and {"verify", "constraints: index"} <= set(stages)


class TestMetrics:
    def test_the_figures_are_those_of_the_books(self, done, monkeypatch):
        found = scraped(done.environ, monkeypatch)
        balance = done.ask("select legacy_table, source_rows from migration.balance where run_id = %(run)s")
        assert sums(found["nxtgauge_rows_total"], "table") == {(table,): rows for table, rows in balance if rows}
        rejects = done.ask(
            "select legacy_table, reason, count(*) from migration.rejects where run_id = %(run)s group by 1, 2"
        )
        assert rejects and sums(found["nxtgauge_rejects_total"], "table", "reason") == {
            (t, r): n for t, r, n in rejects
        }
        [(size,)] = done.ask("select sum(bytes) from migration.chunks where run_id = %(run)s")
        assert sum(found["nxtgauge_bytes_total"].values()) == size
        assert {("users",), ("developer_profiles",)} <= set(sums(found["nxtgauge_bytes_total"], "table"))
        [(seconds,)] = done.ask("select sum(seconds) from migration.chunks where run_id = %(run)s")
        of_loads = {
            k: v for k, v in found["nxtgauge_table_seconds_total"].items() if dict(k)["stage"].startswith("load")
        }
        assert sum(of_loads.values()) == pytest.approx(seconds)
        stages = [
            line for line in done.log if line["message"].endswith(": done") and line["message"].startswith("stage")
        ]
        said = Counter()
        for line in stages:
            said[line["stage"]] += line["seconds"]
        assert sums(found["nxtgauge_stage_seconds_total"], "stage") == pytest.approx({(k,): v for k, v in said.items()})

    def test_what_the_stages_took_is_kept_for_the_next_run(self, done):
        [(rows,)] = done.ask("select sum(source_rows) from migration.tables where run_id = %(run)s")
        with psycopg.connect(done.environ["NXTGAUGE_TARGET_URL"]) as conn:
            kept = pace.read(conn, "demo")
            assert pace.read(conn, "another") == {}
        assert {stage: kept[stage].runs for stage in estimate.MIGRATION if stage in kept} == dict.fromkeys(kept, 1)
        assert kept["verify"].rows == rows and kept["verify"].seconds > 0
        assert set(estimate.MIGRATION) - set(kept) <= {"approval", "statistics", "constraints: owner"}

    def test_runs_and_their_state(self, done, monkeypatch):
        found = scraped(done.environ, monkeypatch)
        kind = (("mode", "migration"), ("profile", "demo"))
        assert sums(found["nxtgauge_runs_total"], "mode", "outcome", "profile") == {
            ("migration", "published", "demo"): 1
        }
        assert len(found["nxtgauge_runs_total"]) == 2 * 3 * 6
        [(finished,)] = done.ask("select extract(epoch from finished_at) from migration.runs where run_id = %(run)s")
        assert found["nxtgauge_last_success_timestamp_seconds"][kind] == pytest.approx(float(finished), abs=5)
        for name in ("run_in_progress", "run_died", "closed_gates", "run_awaits_approval"):
            assert found[f"nxtgauge_{name}"] == {kind: 0}
        assert found["nxtgauge_up"] == {(): 1}


class TestLineage:
    def test_events_are_what_the_library_takes_and_each_run_begins_and_ends(self, done):
        for event in done.events:
            assert rebuilt(RunEvent, event)
        states: dict[str, list[str]] = {}
        for event in done.events:
            states.setdefault(event["run"]["runId"], []).append(event["eventType"])
        assert set(map(tuple, states.values())) == {("START", "COMPLETE")}
        whole = str(uuid5(NAMESPACE, done.run_id))
        assert done.events[0]["run"]["runId"] == done.events[-1]["run"]["runId"] == whole
        assert {event["run"]["facets"]["parent"]["run"]["runId"] for event in done.events[1:-1]} == {whole}
        data = [table for event in done.events for table in event["inputs"] + event["outputs"]]
        assert all(re.fullmatch(r"postgres://[^/@:]+:\d+", table["namespace"]) for table in data)

    def test_every_column_goes_where_the_plan_says(self, done):
        plan = operations.plan(configuration.load("demo", done.environ))
        ways = {(t.name, w.column, target.split("->")[0]) for t in plan.tables for w in t.ways for target in w.targets}
        copied = [table for table in plan.tables if any(route.is_archive for route in table.routes)]
        columns = {(table.name, column.name) for table in copied for column in table.legacy.shape.columns}
        assert len(ways) > 400 and len(columns) > 10
        told = {(table, name, f"legacy_archive.{table}.{name}") for table, name in columns} | ways
        assert _told_ways(done.events) == told

    def test_how_a_value_fares_is_told(self, done):
        fields = _fields(done.events)
        [renamed] = fields["coupon_redemptions", "redeemed_at"]
        assert (renamed["field"], renamed["transformations"][0]["subtype"]) == ("used_at", "IDENTITY")
        keys = {field["field"]: field["transformations"][0] for field in fields["user_settings", "preferences"]}
        assert keys["sms_notifications"]["subtype"] == "TRANSFORMATION"
        assert "sms_notifications" in keys["sms_notifications"]["description"] and keys["preferences"]
        [status, *_] = fields["user_role_profiles", "status"]
        assert status["transformations"] == [
            {
                "type": "DIRECT",
                "subtype": "TRANSFORMATION",
                "description": "rule: as status by profiles",
                "masking": False,
            }
        ]

    def test_rows_are_those_that_were_counted(self, done):
        ends = [event for event in done.events if event["eventType"] == "COMPLETE" and event["outputs"]]
        read = {event["inputs"][0]["name"].split(".", 2)[2]: event["inputs"][0]["inputFacets"] for event in ends}
        balance = dict(done.ask("select legacy_table, source_rows from migration.balance where run_id = %(run)s"))
        assert {table: facets["inputStatistics"]["rowCount"] for table, facets in read.items()} == balance
        written = [output for event in ends for output in event["outputs"] if output["outputFacets"]]
        assert len(written) > 40 and not any(output["name"].endswith(".user_role_profiles") for output in written)
        for output in written:
            table = sql.Identifier(*output["name"].split(".")[1:])
            [(rows,)] = done.ask(sql.SQL("select count(*) from {}").format(table))
            assert output["outputFacets"]["outputStatistics"]["rowCount"] == rows, output["name"]

    def test_every_check_is_told_once_with_its_table_or_without(self, done):
        judged = next(e for e in done.events if e["eventType"] == "COMPLETE" and e["job"]["name"].endswith(".verify"))
        tables = {t["name"].split(".", 1)[1]: _assertions(t) for t in judged["inputs"]}
        said = [pair for found in tables.values() for pair in found.items()]
        said += [(test["name"], test["status"] == "pass") for test in judged["run"]["facets"]["test"]["tests"]]
        checks = [(check["name"], check["status"] == "PASS") for check in done.report["checks"]]
        assert sorted(said) == sorted(checks) and len(checks) > 100
        assert {"content/users", "balance/users"} <= set(tables["nxtgauge.users"])


def _assertions(table: dict) -> dict[str, bool]:
    facet = table["inputFacets"].get("dataQualityAssertions", {"assertions": []})
    return {assertion["name"]: assertion["success"] for assertion in facet["assertions"]}


def _outputs(events: list[dict]) -> list[tuple[str, dict]]:
    """Each table with its facets; its name without the database and the product's schema."""
    ends = [event for event in events if event["eventType"] == "COMPLETE"]
    return [(o["name"].split(".", 1)[1].removeprefix("nxtgauge."), o["facets"]) for e in ends for o in e["outputs"]]


def _fields(events: list[dict]) -> dict[tuple[str, str], list[dict]]:
    """(table, column) → the legacy columns that it is made of."""
    found: dict[tuple[str, str], list[dict]] = {}
    for table, facets in _outputs(events):
        columns = {field["name"] for field in facets["schema"]["fields"]}
        assert set(facets["columnLineage"]["fields"]) <= columns, "a column that the table does not have"
        for column, of in facets["columnLineage"]["fields"].items():
            found.setdefault((table, column), []).extend(of["inputFields"])
    return found


def _told_ways(events: list[dict]) -> set[tuple[str, str, str]]:
    """(legacy table, column, target); the target is a table alone where the column decides over its rows."""
    pairs = [(f"{table}.{column}", field) for (table, column), found in _fields(events).items() for field in found]
    pairs += [(table, field) for table, facets in _outputs(events) for field in facets["columnLineage"]["dataset"]]
    return {(field["name"].split(".", 2)[2], field["field"], target) for target, field in pairs}
