"""The flows `sync` and `cutover` on a real Prefect server: how they end there, and what is asked of the engine.

What the engine gives back is made up here; that it does what it says is shown where it stands.
"""

import inspect
import logging
from datetime import UTC, datetime

import pytest
from prefect.client.orchestration import get_client
from prefect.logging.handlers import APILogHandler
from prefect.runtime import flow_run
from prefect.settings import PREFECT_API_URL, temporary_settings

from engine import sync as engine_sync
from engine.cutover import cutover as engine_cutover
from engine.cutover.cutover import CutOver, Pause
from engine.following.round import Told
from engine.gates.approval import Request
from engine.gates.summary import Summary
from engine.session.stop import Stop
from flows.cli import main as cli
from flows.runs import approval, calls, work
from flows.runs.live import cutover, following, sync
from tests.support.reports import attempt, round_of, table

BUILT = Summary("r1", "built", False, "nxtgauge", [table()], [], [], [], [], rounds=[round_of(1)])
ROUND = Told(1, 1.5, {}, {"users": 3}, {}, {}, 1, 2, 0, 0, 8)
PAUSE = Pause((("lock", 0.1), ("publish", 0.4)), 0.5, datetime(2026, 3, 1, tzinfo=UTC), 1, ())


@pytest.fixture(scope="module", autouse=True)
def api(home):
    url = home.result("server", "start", "--bare")["configured"]
    with temporary_settings({PREFECT_API_URL: url}):
        yield url
        APILogHandler().flush()  # the server is about to go


@pytest.fixture
def ids(monkeypatch, tmp_path, database):
    """Ids of the flow runs; reports go to a folder of the test's own."""
    found: list[str] = []
    for name, value in {"NXTGAUGE_SOURCE_URL": database(), "NXTGAUGE_TARGET_URL": database()}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NXTGAUGE_REPORTS", str(tmp_path))
    told = work.told
    monkeypatch.setattr(work, "told", lambda *given: (found.append(flow_run.get_id()), told(*given))[1])
    return found


def state_of(run_id: str):
    with get_client(sync_client=True) as client:
        return client.read_flow_run(run_id).state


def test_a_following_that_somebody_stops_is_cancelled_there_and_done_here(ids, monkeypatch, caplog):
    asked = []

    def follow(_settings, wanted):
        asked.append(wanted)
        wanted.heard(ROUND)
        return BUILT

    monkeypatch.setattr(engine_sync, "sync", follow)
    done = calls.run(sync.sync, profile="demo", rounds=3, every=0.5)
    assert (done["headline"]["word"], state_of(ids[-1]).name) == ("THE BUILD FOLLOWS", "Completed")
    stop = Stop()
    stop.set()
    monkeypatch.setattr(sync, "STOP", stop)
    with caplog.at_level(logging.WARNING, "nxtgauge"):
        assert calls.run(sync.sync, profile="demo")["headline"]["word"] == "THE BUILD FOLLOWS"
    assert state_of(ids[-1]).is_cancelled() and "round 1 was applied" in state_of(ids[-1]).message
    assert not [each for each in caplog.records if each.name == "nxtgauge"]
    assert [(one.rounds, one.every, one.run_id) for one in asked] == [(3, 0.5, None), (None, 30, None)]


def test_a_redrive_is_of_the_run_that_is_named(ids, monkeypatch):
    asked = []
    monkeypatch.setattr(engine_sync, "redrive", lambda _settings, run_id, _wanted: asked.append(run_id) or BUILT)
    calls.run(sync.sync, profile="demo", run_id="r1", redrive=True)
    assert asked == ["r1"]


@pytest.mark.parametrize(("late", "word"), [((), "CUT OVER"), ((("users", 3),), "CUT OVER, BUT NOT RIGHT")])
def test_late_writes_make_a_cut_over_a_failure_and_its_report_is_there(ids, monkeypatch, late, word):
    kept = [{"legacy_table": name, "rows": rows} for name, rows in late]
    known = {"cutovers": [attempt()], "late_writes": kept}
    summary = Summary("r1", "published", False, "nxtgauge", [table()], [], [], [], [], **known)
    monkeypatch.setattr(engine_cutover, "cutover", lambda *_: CutOver(summary, PAUSE, late))
    done = calls.run(cutover.cutover, profile="demo", approve=False)
    assert done["headline"]["word"] == word and done["reports"]
    state = state_of(ids[-1])
    assert state.is_failed() == bool(late) and (not late or "3 in users" in state.message)


@pytest.mark.parametrize(
    ("given", "stopped", "approves"),
    [
        ({"fence": "lock", "approve": False}, False, False),
        ({"fence": "lock"}, False, True),
        ({"fence": "operator", "approve": False}, False, True),  # nobody else could say that the writers are stopped
        ({"fence": "operator", "approve": False}, True, False),
    ],
)
def test_who_cannot_be_asked_on_a_terminal_is_asked_on_the_form(ids, monkeypatch, given, stopped, approves):
    asked, heard = [], []

    def cut(_settings, wanted):
        asked.append(wanted)
        wanted.stopped()
        return CutOver(Summary("r1", "published", False, "nxtgauge", [table()], [], [], [], []), PAUSE, ())

    monkeypatch.setattr(engine_cutover, "cutover", cut)
    calls.run(cutover.cutover, None, (lambda: heard.append(True)) if stopped else None, profile="demo", **given)
    (wanted,) = asked
    assert (wanted.approve, wanted.fence, wanted.budget, wanted.terminate_after) == (approves, given["fence"], 10, None)
    assert heard == [True] * stopped
    assert isinstance(wanted.desk, approval.PrefectDesk)


def test_the_form_says_what_a_yes_means():
    request = Request("r1", datetime(2026, 3, 1, tzinfo=UTC), BUILT)
    report = work.told(BUILT.to_dict(), "cutover") | {"artifact": None}
    for fence, said in (("operator", "Stop all writers"), ("lock", "kept waiting")):
        assert said in approval._description(request, report, cutover._notice(fence))
    assert approval._description(request, report, "").endswith("it is not published.")


def test_form_and_command_ask_the_same():
    for flow, name in ((sync.sync, "sync"), (cutover.cutover, "cutover")):
        options = {each.name for each in cli.cli.commands[name].params if each.expose_value}
        form = set(inspect.signature(flow.fn).parameters)
        here = {"yes", "is_abort", "until_stopped"}  # what only a command can be asked
        assert form - {"profile", "redrive"} == options - here, name
        for each in form:
            assert f"\n        {each}: " in inspect.getdoc(flow.fn) or f"    {each}: " in (flow.fn.__doc__ or ""), each
    assert following.line(ROUND).startswith("round 1: was 8 rows behind")
