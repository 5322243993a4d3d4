"""What Prometheus is told of a target, whatever state its books are in."""

import re
import socket
import threading

import pytest

from config import settings as configuration
from config.errors import ConfigError, SourceError
from engine import operations, run
from engine.books import bookkeeping, lease, totals
from engine.books.totals import Increment
from engine.gates import gates
from engine.gates.gates import FAILED, Gate
from engine.session import connect
from flows.observe import metrics
from tests.support.observers import free_port, scraped, sums
from tests.support.places import PROJECT


@pytest.fixture
def books(database):
    """A target with books and nothing else: its environment, and a session."""
    environ = {"NXTGAUGE_TARGET_URL": database()}
    with connect.target(configuration.load("demo", environ).target) as conn:
        bookkeeping.ensure(conn)
        yield environ, conn


def _new_run(conn, **changes) -> str:
    values = {"profile": "demo", "source_schema": "public", "target_schema": "nxtgauge", "dry_run": True}
    values |= {"source_identity": {}, "mapping_hash": "", "plan_hash": "", "code_version": ""}
    return bookkeeping.create_run(conn, bookkeeping.NewRun(**values | changes)).run_id


REHEARSAL = (("mode", "rehearsal"), ("profile", "demo"))


def test_a_run_that_nobody_is_at_has_died(books, monkeypatch):
    environ, conn = books
    _new_run(conn)
    found = scraped(environ, monkeypatch)
    assert found["nxtgauge_run_died"] == {REHEARSAL: 1} and found["nxtgauge_run_in_progress"] == {REHEARSAL: 0}
    with lease.hold(configuration.load("demo", environ).target):
        found = scraped(environ, monkeypatch)
    assert found["nxtgauge_run_died"] == {REHEARSAL: 0} and found["nxtgauge_run_in_progress"] == {REHEARSAL: 1}


def test_a_run_that_died_stays_so_while_another_is_at_work(books, monkeypatch):
    environ, conn = books
    dead, at_work = _new_run(conn, dry_run=False), _new_run(conn)
    with lease.hold(configuration.load("demo", environ).target):
        found = scraped(environ, monkeypatch)
        states = {one["run_id"]: one["state"] for one in operations.status(configuration.load("demo", environ))}
    migration = (("mode", "migration"), ("profile", "demo"))
    assert found["nxtgauge_run_died"] == {migration: 1, REHEARSAL: 0}
    assert found["nxtgauge_run_in_progress"] == {migration: 0, REHEARSAL: 1}
    assert states == {dead: "died", at_work: "running"}


def test_closed_gates_are_those_of_the_latest_build_of_a_run_that_failed(books, monkeypatch):
    environ, conn = books
    run_id = _new_run(conn)
    gates.record(conn, run_id, 1, [Gate("a", "law", FAILED), Gate("b", "law", FAILED), Gate("c", "law", "passed")])
    conn.execute("update migration.gates set judged_at = judged_at - interval '1 hour'")
    gates.record(conn, run_id, 2, [Gate("d", "law", FAILED), Gate("e", "law", "error"), Gate("f", "law", FAILED)])
    assert scraped(environ, monkeypatch)["nxtgauge_closed_gates"] == {REHEARSAL: 0}  # it is at work yet
    bookkeeping.set_state(conn, run_id, "failed")
    conn.execute("insert into migration.waivers (run_id, build_oid, check_name, reason, name) "
                 "values (%s, 2, 'd', 'why', 'me')", [run_id])  # fmt: skip
    found = scraped(environ, monkeypatch)
    assert found["nxtgauge_closed_gates"] == {REHEARSAL: 2}
    assert sums(found["nxtgauge_runs_total"], "outcome") == {("failed",): 1}
    _new_run(conn)
    assert scraped(environ, monkeypatch)["nxtgauge_closed_gates"] == {REHEARSAL: 0}


def test_totals_are_what_was_committed_and_outlive_the_run(books, monkeypatch):
    environ, conn = books
    labels = {"profile": "demo", "stage": "load", "table": 'x"; drop\n'}
    totals.add(conn, [Increment("rows", labels, 2), Increment("rows", labels, 3)])
    with pytest.raises(ZeroDivisionError), conn.transaction():
        totals.add(conn, [Increment("rows", labels, 100)])
        1 / 0  # noqa: B018
    bookkeeping.clear_run(conn, _new_run(conn), "m", "p", "0.1.0")
    assert sums(scraped(environ, monkeypatch)["nxtgauge_rows_total"], "table") == {('x"; drop\n',): 5}


def test_a_run_that_ended_before_it_began_is_counted(books, monkeypatch):
    environ, _ = books
    environ["NXTGAUGE_SOURCE_URL"] = f"postgresql://127.0.0.1:{free_port()}/none"
    with pytest.raises(SourceError):
        run.migrate(configuration.load("demo", environ))
    found = scraped(environ, monkeypatch)
    assert sums(found["nxtgauge_runs_total"], "mode", "outcome") == {("migration", "refused"): 1}


def test_a_target_that_does_not_answer_is_down_and_says_nothing_else(monkeypatch):
    environ = {"NXTGAUGE_TARGET_URL": f"postgresql://bob:sw0rdfish@127.0.0.1:{free_port()}/none"}
    assert scraped(environ, monkeypatch) == {"nxtgauge_up": {(): 0}}


def test_a_target_that_says_nothing_is_down_before_prometheus_gives_up(monkeypatch):
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        environ = {"NXTGAUGE_TARGET_URL": f"postgresql://bob@127.0.0.1:{mute.getsockname()[1]}/none"}
        monkeypatch.setattr(metrics, "CONNECT_SECONDS", 2)
        found: list[dict] = []
        asker = threading.Thread(target=lambda: found.append(scraped(environ, monkeypatch)), daemon=True)
        asker.start()
        asker.join(8)
    assert found == [{"nxtgauge_up": {(): 0}}]


def test_a_target_without_books_is_up(database, monkeypatch):
    found = scraped({"NXTGAUGE_TARGET_URL": database()}, monkeypatch)
    assert found["nxtgauge_up"] == {(): 1} and set(found["nxtgauge_runs_total"].values()) == {0}


def test_no_port_no_metrics_and_a_taken_one_is_named(monkeypatch, database):
    monkeypatch.setenv("NXTGAUGE_TARGET_URL", database())
    assert metrics.serve(0) is None
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match=r"metrics cannot be shown at 127.0.0.1:.*NXTGAUGE_METRICS_PORT=0"):
            metrics.serve(taken.getsockname()[1])


def test_the_documents_name_every_metric_with_its_labels_and_none_that_is_not():
    text = (PROJECT / "docs" / "observability.md").read_text()
    rows = re.findall(r"^\| `(nxtgauge_\w+)` \|.*\|([^|]*)\|$", text, re.MULTILINE)
    told = {name: tuple(re.findall(r"\w+", labels)) for name, labels in rows}
    counters = {f"{name}_total": labels for name, _, labels in metrics.COUNTERS.values()}
    gauges = dict.fromkeys((name for name, _ in metrics.GAUGES.values()), metrics.OF_A_KIND)
    gauges |= {"nxtgauge_up": (), "nxtgauge_last_success_timestamp_seconds": metrics.OF_A_KIND}
    assert told == counters | gauges
    assert set(re.findall(r"nxtgauge_\w+", text)) == set(told)
