"""The lineage of runs that do not end well, or that nobody hears of."""

import json

import pytest
from openlineage.client.event_v2 import RunEvent

from checks.verdict import FAIL
from config import settings as configuration
from config.errors import Interrupted, VerificationFailed
from engine import run
from engine.session.execution import Silent
from engine.session.stop import Stop
from engine.start.options import Options
from flows.observe import lineage
from tests.histories.databases import filling
from tests.support.auditors import saying
from tests.support.observers import rebuilt


def _events(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _by_run(events: list[dict]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for event in events:
        found.setdefault(event["run"]["runId"], []).append(event["eventType"])
    return found


@pytest.fixture
def stop(monkeypatch) -> Stop:
    monkeypatch.setattr(run, "STOP", Stop())
    return run.STOP


@pytest.fixture(scope="module")
def source(module_database) -> str:
    url = module_database()
    filling.sample(url, rows=1_000)
    return url


@pytest.fixture
def settings(source, database, tmp_path):
    """A function that loads the settings; its argument is the address that lineage is told."""

    def load(address: str | None = None):
        urls = {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": database()}
        return configuration.load("demo", urls | {"NXTGAUGE_LINEAGE_URL": address or str(tmp_path / "lineage.jsonl")})

    return load


def _migrated(settings, auditor, **options):
    with lineage.told(settings, is_rehearsal=options.get("dry_run", False)) as teller:
        summary = run.migrate(settings, Options(auditor=auditor, begun=teller.begin, **options))
        teller.end(summary)
    return summary


def test_a_rehearsal_that_its_gates_refuse_fails_with_its_reason(settings, tmp_path, stop):
    with pytest.raises(VerificationFailed):
        _migrated(settings(), saying(content__users=FAIL), dry_run=True)
    events = _events(tmp_path / "lineage.jsonl")
    assert set(map(tuple, _by_run(events).values())) == {("START", "FAIL")}
    assert events[-1]["job"]["name"].endswith(".nxtgauge.rehearse")
    assert "content/users" in events[-1]["run"]["facets"]["errorMessage"]["message"]
    written = {output["name"].split(".")[1] for event in events for output in event["outputs"]}
    assert written == {"nxtgauge__build", "legacy_archive__build", "migration"}
    judged = next(e for e in events if e["eventType"] == "FAIL" and e["job"]["name"].endswith(".verify"))
    found = [
        a for t in judged["inputs"] for a in t["inputFacets"].get("dataQualityAssertions", {}).get("assertions", [])
    ]
    assert [(a["name"], a["success"], a["severity"]) for a in found] == [("content/users", False, "error")]
    assert all(rebuilt(RunEvent, event) for event in events)


def test_a_run_that_was_stopped_is_aborted(settings, tmp_path, stop):
    class Stopping(Silent):
        def stage(self, name: str) -> None:
            if name == "load, wave 1":
                stop.set()

    with pytest.raises(Interrupted):
        _migrated(settings(), saying(), watch=Stopping())
    assert set(map(tuple, _by_run(_events(tmp_path / "lineage.jsonl")).values())) == {("START", "ABORT")}


def test_where_nobody_listens_the_run_ends_well_and_says_so(settings, stop, caplog):
    given = settings("http://bob:sw0rdfish@127.0.0.1:9/t0ken?key=t0ken")
    assert _migrated(given, saying()).state == "published"
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == ["lineage was not told to http://127.0.0.1:9: ConnectionError; the run goes on"] * 2


def test_nothing_is_told_where_nobody_wants_it(settings, tmp_path, stop, monkeypatch):
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    with lineage.told(settings(), is_rehearsal=False) as teller:
        assert isinstance(teller, lineage.Mute)
    monkeypatch.delenv("OPENLINEAGE_DISABLED")
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    without = settings().model_copy(update={"lineage_url": None})
    with lineage.told(without, is_rehearsal=False) as teller:
        assert isinstance(teller, lineage.Mute)
